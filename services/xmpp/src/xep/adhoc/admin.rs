//! The administrators' commands (Service Administration, XEP-0133 1.2): accounts made, removed, switched off and on,
//! sessions ended, people counted and listed. Who may use them is checked before.

use super::Offer;
use crate::{
    limits::{ADMINISTERED, LISTED_USERS},
    session::{AdminCommand, Answer, Question, Who},
    stanza::Condition,
    xep::{
        forms::{Field, FieldKind, Form, FormKind},
        service::{Context, Error, Step},
    },
};
use domain::{Address, EndpointName, address};

/// The `FORM_TYPE` of all their forms.
pub(super) const FORM_TYPE: &str = "http://jabber.org/protocol/admin";

/// All of them, as they are listed.
pub(super) const COMMANDS: [Offer; 12] = [
    Offer {
        node: "http://jabber.org/protocol/admin#add-user",
        name: "Add a user",
        form: Some(add_user_form),
        run: |context, form| {
            let (address, password) = (one_address(context, form)?, new_password(form)?);
            Ok(done(AdminCommand::AddUser { address, password }))
        },
    },
    Offer {
        node: "http://jabber.org/protocol/admin#delete-user",
        name: "Delete users",
        form: Some(addresses_form),
        run: |context, form| Ok(done(AdminCommand::DeleteUsers(addresses(context, form)?))),
    },
    Offer {
        node: "http://jabber.org/protocol/admin#disable-user",
        name: "Disable users",
        form: Some(addresses_form),
        run: |context, form| Ok(done(AdminCommand::DisableUsers(addresses(context, form)?))),
    },
    Offer {
        node: "http://jabber.org/protocol/admin#reenable-user",
        name: "Enable users again",
        form: Some(addresses_form),
        run: |context, form| Ok(done(AdminCommand::EnableUsers(addresses(context, form)?))),
    },
    Offer {
        node: "http://jabber.org/protocol/admin#end-user-session",
        name: "Sign users out",
        form: Some(addresses_form),
        run: |context, form| Ok(done(AdminCommand::EndSessions(endpoints(context, form)?))),
    },
    Offer {
        node: "http://jabber.org/protocol/admin#change-user-password",
        name: "Change a user's password",
        form: Some(password_form),
        run: |context, form| {
            let (address, password) = (one_address(context, form)?, new_password(form)?);
            Ok(done(AdminCommand::SetPassword { address, password }))
        },
    },
    Offer {
        node: "http://jabber.org/protocol/admin#get-registered-users-num",
        name: "Number of accounts",
        form: None,
        run: |_, _| Ok(count(Who::Registered, "registeredusersnum", "Accounts")),
    },
    Offer {
        node: "http://jabber.org/protocol/admin#get-disabled-users-num",
        name: "Number of disabled accounts",
        form: None,
        run: |_, _| Ok(count(Who::Disabled, "disabledusersnum", "Disabled accounts")),
    },
    Offer {
        node: "http://jabber.org/protocol/admin#get-online-users-num",
        name: "Number of users online",
        form: None,
        run: |_, _| Ok(count(Who::Online, "onlineusersnum", "Users online")),
    },
    Offer {
        node: "http://jabber.org/protocol/admin#get-registered-users-list",
        name: "List of accounts",
        form: Some(list_form),
        run: |_, form| list(Who::Registered, form, "registereduserjids", "Accounts"),
    },
    Offer {
        node: "http://jabber.org/protocol/admin#get-disabled-users-list",
        name: "List of disabled accounts",
        form: Some(list_form),
        run: |_, form| list(Who::Disabled, form, "disableduserjids", "Disabled accounts"),
    },
    Offer {
        node: "http://jabber.org/protocol/admin#get-online-users-list",
        name: "List of users online",
        form: Some(list_form),
        run: |_, form| list(Who::Online, form, "onlineuserjids", "Users online"),
    },
];

fn add_user_form() -> Form {
    let form = password_form();
    form.with(
        Field::list("password-verify", []).typed(FieldKind::TextPrivate, "The password again").required(),
    )
}

fn password_form() -> Form {
    Form::new(FormKind::Form, FORM_TYPE)
        .titled("Account", "Whose account, and which password?")
        .with(Field::list("accountjid", []).typed(FieldKind::Address, "Address").required())
        .with(Field::list("password", []).typed(FieldKind::TextPrivate, "Password").required())
}

fn addresses_form() -> Form {
    Form::new(FormKind::Form, FORM_TYPE)
        .titled("Accounts", "Whose accounts?")
        .with(Field::list("accountjids", []).typed(FieldKind::Addresses, "Addresses").required())
}

fn list_form() -> Form {
    let numbers = ["25", "50", "100", "200"].map(|number| (number, number));
    Form::new(FormKind::Form, FORM_TYPE).titled("List", "How many at most?").with(
        Field::of("max_items", "25")
            .typed(FieldKind::ListOne, "At most")
            .with_options(&[numbers[0], numbers[1], numbers[2], numbers[3]]),
    )
}

fn done(command: AdminCommand) -> Step {
    Step::ask(Question::Admin(command), |_, answer| match answer {
        Answer::Done => Step::done(),
        _ => Step::confused(),
    })
}

fn count(who: Who, var: &'static str, label: &'static str) -> Step {
    Step::ask(Question::Admin(AdminCommand::Count(who)), move |_, answer| {
        let Answer::Count(number) = answer else { return Step::confused() };
        let field = Field::of(var, number.to_string()).typed(FieldKind::TextOne, label);
        Step::reply(Form::new(FormKind::Result, FORM_TYPE).with(field).to_element())
    })
}

fn list(who: Who, form: &Form, var: &'static str, label: &'static str) -> Result<Step, Error> {
    let max = match form.text("max_items") {
        None | Some("none") => LISTED_USERS,
        Some(text) => text.parse().map_err(|_| bad("The number is none."))?,
    };
    let question = Question::Admin(AdminCommand::List { who, max: max.min(LISTED_USERS) });
    Ok(Step::ask(question, move |_, answer| {
        let users = match answer {
            Answer::Users(users) => users.iter().map(ToString::to_string).collect::<Vec<_>>(),
            Answer::Endpoints(endpoints) => endpoints.iter().map(ToString::to_string).collect(),
            _ => return Step::confused(),
        };
        let field = Field::list(var, users).typed(FieldKind::Addresses, label);
        Step::reply(Form::new(FormKind::Result, FORM_TYPE).with(field).to_element())
    }))
}

fn one_address(context: Context<'_>, form: &Form) -> Result<Address, Error> {
    match &endpoints_of(context, form.values("accountjid"))?[..] {
        [(address, None)] => Ok(address.clone()),
        _ => Err(bad("One address of a user is needed.")),
    }
}

fn addresses(context: Context<'_>, form: &Form) -> Result<Vec<Address>, Error> {
    let all = endpoints(context, form)?;
    all.into_iter()
        .map(|(address, endpoint)| match endpoint {
            None => Ok(address),
            Some(_) => Err(bad("An address names an endpoint.")),
        })
        .collect()
}

fn endpoints(context: Context<'_>, form: &Form) -> Result<Vec<(Address, Option<EndpointName>)>, Error> {
    match form.values("accountjids") {
        [] => Err(bad("No address was given.")),
        many if many.len() > ADMINISTERED => Err(bad("Too many addresses at once.")),
        many => endpoints_of(context, many),
    }
}

/// Users of this server.
fn endpoints_of(
    context: Context<'_>,
    texts: &[String],
) -> Result<Vec<(Address, Option<EndpointName>)>, Error> {
    let of = |text: &String| {
        let (address, endpoint) = address::parse_full(text).map_err(|_| bad("An address is none."))?;
        let ours = address.local().is_some() && address.domain() == context.config.domain.as_str();
        if ours { Ok((address, endpoint)) } else { Err(bad("An address is none of a user here.")) }
    };
    texts.iter().map(of).collect()
}

fn new_password(form: &Form) -> Result<String, Error> {
    let password = form.text("password").filter(|password| !password.is_empty());
    let password = password.ok_or_else(|| bad("A password is needed."))?;
    match form.text("password-verify") {
        Some(again) if again != password => Err(bad("The two passwords differ.")),
        _ => Ok(password.to_owned()),
    }
}

fn bad(text: &'static str) -> Error {
    Error::because(Condition::NotAcceptable, text)
}
