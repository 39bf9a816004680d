//! Data forms.

use crate::{
    limits::{FORM_FIELDS, FORM_VALUES},
    stanza::Element,
    xep::forms::{Field, FieldKind, Form, FormError, FormKind},
};
use proptest::prelude::*;

fn parse(inside: &str) -> Result<Form, FormError> {
    let xml = format!("<x xmlns='jabber:x:data' type='submit'>{inside}</x>");
    Form::parse(&Element::parse(xml.as_bytes()).expect("well-formed"))
}

#[test]
fn fields_are_read() {
    let form = parse(
        "<field var='FORM_TYPE' type='hidden'><value>urn:n</value></field>
         <field var='yes' type='boolean'><value>true</value></field><field var='no'><value>0</value></field>
         <field var='many' type='list-multi'><value>a</value><value>b</value></field>
         <field var='count'><value> 7 </value></field><field type='fixed'><value>read me</value></field>",
    )
    .expect("a form");
    assert_eq!((form.form_type(), form.hidden_type()), (Some("urn:n"), Some("urn:n")));
    assert_eq!(
        (form.boolean("yes"), form.boolean("no"), form.boolean("none")),
        (Ok(Some(true)), Ok(Some(false)), Ok(None))
    );
    assert_eq!(form.values("many"), ["a", "b"]);
    assert_eq!((form.number("count"), form.number("none")), (Ok(Some(7)), Ok(None)));
    assert!(form.boolean("many").is_err() && form.number("many").is_err());
}

#[test]
fn what_is_no_form_is_refused() {
    assert!(parse("<field/>").is_err());
    assert!(parse("<field var='a'/><field var='a'/>").is_err());
    let other = Element::parse(b"<x xmlns='jabber:x:data' type='strange'/>").expect("well-formed");
    assert!(Form::parse(&other).is_err());
    assert!(Form::parse(&Element::new("x", "jabber:x:other")).is_err());
    let parent = Element::new("p", "urn:n").with_child(Form::new(FormKind::Submit, "urn:n").to_element());
    assert!(matches!(Form::within(&parent, "urn:n"), Ok(Some(_))));
    assert!(Form::within(&parent, "urn:other").is_err());
    assert_eq!(Form::within(&Element::new("p", "urn:n"), "urn:n"), Ok(None));
}

#[test]
fn fields_and_values_have_limits() {
    let fields =
        |count: usize| (0..count).map(|at| format!("<field var='{at}'/>")).collect::<Vec<_>>().concat();
    assert!(parse(&fields(FORM_FIELDS)).is_ok());
    assert!(parse(&fields(FORM_FIELDS + 1)).is_err());
    let values = |count: usize| format!("<field var='a'>{}</field>", "<value/>".repeat(count));
    assert!(parse(&values(FORM_VALUES)).is_ok());
    assert!(parse(&values(FORM_VALUES + 1)).is_err());
}

#[test]
fn options_are_written() {
    let field = Field::of("color", "red").typed(FieldKind::ListOne, "Color").required();
    let form = Form::new(FormKind::Form, "urn:n")
        .titled("Title", "Do it")
        .with(field.with_options(&[("red", "Red")]));
    let written = String::from_utf8(form.to_element().to_bytes()).expect("UTF-8");
    assert_eq!(
        written,
        "<x xmlns='jabber:x:data' type='form'><title>Title</title><instructions>Do it</instructions>\
         <field var='FORM_TYPE' type='hidden'><value>urn:n</value></field>\
         <field var='color' type='list-single' label='Color'><required/><value>red</value>\
         <option label='Red'><value>red</value></option></field></x>"
    );
}

proptest! {
    #[test]
    fn a_form_that_is_written_is_read_back(
        fields in proptest::collection::btree_map("[a-z#]{1,8}", proptest::collection::vec("[a-zé<&' ]{0,6}", 0..4), 0..8),
    ) {
        let mut form = Form::new(FormKind::Submit, "urn:n");
        form.fields.extend(fields.into_iter().map(|(var, values)| Field::list(var, values)));
        let element = Element::parse(&form.to_element().to_bytes()).expect("well-formed");
        prop_assert_eq!(Form::parse(&element), Ok(form));
    }
}
