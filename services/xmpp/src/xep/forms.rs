//! Data forms (XEP-0004 2.13.1) with their `FORM_TYPE` (XEP-0068). What is read is within the limits and has no field
//! twice; what is written a client can fill in.

use crate::{
    limits::{FORM_FIELDS, FORM_VALUES},
    stanza::Element,
};
use std::borrow::Cow;

/// The namespace of data forms.
pub const NS: &str = "jabber:x:data";

/// What a form is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FormKind {
    /// To be filled in.
    Form,
    /// Filled in.
    Submit,
    /// Not wanted.
    Cancel,
    /// Data to be shown.
    Result,
}

/// The type of a field.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FieldKind {
    /// Yes or no.
    Boolean,
    /// Text to be shown, not filled in.
    Fixed,
    /// Not shown.
    Hidden,
    /// Several addresses.
    Addresses,
    /// One address.
    Address,
    /// Several of the options.
    ListMany,
    /// One of the options.
    ListOne,
    /// Several lines.
    TextMany,
    /// A password.
    TextPrivate,
    /// One line.
    TextOne,
}

/// One field.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Field {
    /// Its name; empty for fixed text.
    pub var: Cow<'static, str>,
    /// Its type; left out where the reader knows it.
    pub kind: Option<FieldKind>,
    /// For people.
    pub label: Option<Cow<'static, str>>,
    /// Must be filled in.
    pub required: bool,
    /// Its value or values.
    pub values: Vec<String>,
    /// What may be chosen: value and label.
    pub options: Vec<(Cow<'static, str>, Option<Cow<'static, str>>)>,
}

/// A form.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Form {
    /// What it is for.
    pub kind: FormKind,
    /// A title for people.
    pub title: Option<Cow<'static, str>>,
    /// What to do with it.
    pub instructions: Option<Cow<'static, str>>,
    /// Its fields, `FORM_TYPE` included.
    pub fields: Vec<Field>,
}

/// The element is no form, is over a limit, or a value does not fit its field.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not a data form: {0}")]
pub struct FormError(pub &'static str);

impl FieldKind {
    const ALL: [(Self, &'static str); 10] = [
        (Self::Boolean, "boolean"),
        (Self::Fixed, "fixed"),
        (Self::Hidden, "hidden"),
        (Self::Addresses, "jid-multi"),
        (Self::Address, "jid-single"),
        (Self::ListMany, "list-multi"),
        (Self::ListOne, "list-single"),
        (Self::TextMany, "text-multi"),
        (Self::TextPrivate, "text-private"),
        (Self::TextOne, "text-single"),
    ];

    fn name(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("text-single", |(_, name)| name)
    }

    fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(kind, _)| *kind)
    }
}

impl FormKind {
    fn name(self) -> &'static str {
        match self {
            Self::Form => "form",
            Self::Submit => "submit",
            Self::Cancel => "cancel",
            Self::Result => "result",
        }
    }
}

impl Field {
    /// A field with one value and no type: for results and submissions.
    pub fn of(var: impl Into<Cow<'static, str>>, value: impl Into<String>) -> Self {
        Self::list(var, [value.into()])
    }

    /// A field with these values and no type.
    pub fn list(var: impl Into<Cow<'static, str>>, values: impl IntoIterator<Item = String>) -> Self {
        let values = values.into_iter().collect();
        Self { var: var.into(), kind: None, label: None, required: false, values, options: Vec::new() }
    }

    /// A yes-or-no field.
    pub fn boolean(var: &'static str, label: &'static str, value: bool) -> Self {
        let value = if value { "1" } else { "0" };
        Self::of(var, value).typed(FieldKind::Boolean, label)
    }

    /// This field with a type and a label.
    #[must_use]
    pub fn typed(mut self, kind: FieldKind, label: &'static str) -> Self {
        self.kind = Some(kind);
        self.label = Some(label.into());
        self
    }

    /// This field, to be filled in before the form is sent.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// This field with something to choose from.
    #[must_use]
    pub fn with_options(mut self, options: &[(&'static str, &'static str)]) -> Self {
        self.options =
            options.iter().map(|(value, label)| ((*value).into(), Some((*label).into()))).collect();
        self
    }

    fn parse(element: &Element) -> Result<Self, FormError> {
        let texts = |name: &'static str| element.children().filter(move |child| child.is(name, NS));
        if texts("value").nth(FORM_VALUES).is_some() {
            return Err(FormError("a field has too many values"));
        }
        let kind = element.attribute("type").and_then(FieldKind::parse);
        let var = element.attribute("var").unwrap_or_default().to_owned();
        if var.is_empty() && kind != Some(FieldKind::Fixed) {
            return Err(FormError("a field has no name"));
        }
        Ok(Self {
            var: var.into(),
            kind,
            label: element.attribute("label").map(|label| label.to_owned().into()),
            required: texts("required").next().is_some(),
            values: texts("value").map(Element::text).collect(),
            options: Vec::new(),
        })
    }

    fn to_element(&self) -> Element {
        let text = |name: &'static str, text: &str| Element::new(name, NS).with_text(text);
        let mut element = Element::new("field", NS);
        if !self.var.is_empty() {
            element.set("var", &*self.var);
        }
        let options = self.options.iter().map(|(value, label)| {
            Element::new("option", NS).with_some("label", label.as_deref()).with_child(text("value", value))
        });
        element
            .with_some("type", self.kind.map(FieldKind::name))
            .with_some("label", self.label.as_deref())
            .with_children(self.required.then(|| Element::new("required", NS)))
            .with_children(self.values.iter().map(|value| text("value", value)))
            .with_children(options)
    }
}

impl Form {
    /// A form of this `FORM_TYPE`.
    pub fn new(kind: FormKind, form_type: &str) -> Self {
        let mut field = Field::of("FORM_TYPE", form_type);
        field.kind = (kind != FormKind::Submit).then_some(FieldKind::Hidden);
        Self { kind, title: None, instructions: None, fields: vec![field] }
    }

    /// This form with one more field.
    #[must_use]
    pub fn with(mut self, field: Field) -> Self {
        self.fields.push(field);
        self
    }

    /// This form with a title and instructions for people.
    #[must_use]
    pub fn titled(mut self, title: &'static str, instructions: &'static str) -> Self {
        self.title = Some(title.into());
        self.instructions = Some(instructions.into());
        self
    }

    /// Reads an `<x xmlns='jabber:x:data'/>`. Items of a result and options are not read: nobody sends us lists to
    /// choose from.
    pub fn parse(element: &Element) -> Result<Self, FormError> {
        if !element.is("x", NS) {
            return Err(FormError("another element"));
        }
        let kind = match element.attribute("type") {
            Some("form") => FormKind::Form,
            Some("submit") => FormKind::Submit,
            Some("cancel") => FormKind::Cancel,
            Some("result") => FormKind::Result,
            _ => return Err(FormError("its type is unknown")),
        };
        let mut fields: Vec<Field> = Vec::new();
        for child in element.children().filter(|child| child.is("field", NS)) {
            let field = Field::parse(child)?;
            if fields.len() == FORM_FIELDS {
                return Err(FormError("too many fields"));
            }
            if !field.var.is_empty() && fields.iter().any(|known| known.var == field.var) {
                return Err(FormError("a field stands twice"));
            }
            fields.push(field);
        }
        Ok(Self { kind, title: None, instructions: None, fields })
    }

    /// The form that stands among the children of `parent`, if there is one of the `FORM_TYPE`.
    pub fn within(parent: &Element, form_type: &str) -> Result<Option<Self>, FormError> {
        let Some(element) = parent.child("x", NS) else { return Ok(None) };
        let form = Self::parse(element)?;
        match form.form_type() {
            Some(found) if found == form_type => Ok(Some(form)),
            _ => Err(FormError("its FORM_TYPE is another")),
        }
    }

    /// The form as an element.
    pub fn to_element(&self) -> Element {
        let text = |name: &'static str, text: &Option<Cow<'static, str>>| {
            text.as_ref().map(|text| Element::new(name, NS).with_text(&**text))
        };
        Element::new("x", NS)
            .with("type", self.kind.name())
            .with_children(text("title", &self.title))
            .with_children(text("instructions", &self.instructions))
            .with_children(self.fields.iter().map(Field::to_element))
    }

    /// Its `FORM_TYPE`.
    pub fn form_type(&self) -> Option<&str> {
        self.text("FORM_TYPE")
    }

    /// Its `FORM_TYPE` if that is a hidden field with one value, as XEP-0115 §5.4 wants it.
    pub fn hidden_type(&self) -> Option<&str> {
        let field = self.field("FORM_TYPE").filter(|field| field.kind == Some(FieldKind::Hidden))?;
        let [value] = &field.values[..] else { return None };
        Some(value)
    }

    /// The field of this name.
    pub fn field(&self, var: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.var == var)
    }

    /// The first value of a field; `None` if the field is missing or empty.
    pub fn text(&self, var: &str) -> Option<&str> {
        self.field(var)?.values.first().map(String::as_str)
    }

    /// All values of a field.
    pub fn values(&self, var: &str) -> &[String] {
        self.field(var).map_or(&[], |field| &field.values)
    }

    /// The value of a yes-or-no field; `None` if it is missing.
    pub fn boolean(&self, var: &str) -> Result<Option<bool>, FormError> {
        match self.text(var) {
            None => Ok(None),
            Some("1" | "true") => Ok(Some(true)),
            Some("0" | "false") => Ok(Some(false)),
            Some(_) => Err(FormError("a yes-or-no field has another value")),
        }
    }

    /// The value of a field that holds a number; `None` if it is missing.
    pub fn number(&self, var: &str) -> Result<Option<u32>, FormError> {
        self.text(var).map(|text| text.trim().parse().map_err(|_| FormError("a number is none"))).transpose()
    }
}
