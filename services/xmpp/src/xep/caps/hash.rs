//! The verification string of a client's capabilities (XEP-0115 1.6.0 §5). Equal capabilities give equal strings, and a
//! string is believed only if it comes out of what the client then answers.

use crate::xep::disco::Info;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use sha1::{Digest as _, Sha1};

/// The capabilities cannot be hashed: something stands twice (§5.4, step 3).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct IllFormed;

/// The `ver` of these capabilities by SHA-1.
pub fn verification(info: &Info) -> Result<String, IllFormed> {
    Ok(BASE64_STANDARD.encode(Sha1::digest(input(info)?)))
}

fn input(info: &Info) -> Result<String, IllFormed> {
    let mut text = String::new();
    let mut identities: Vec<_> =
        info.identities.iter().map(|i| (&*i.category, &*i.kind, &*i.lang, &*i.name)).collect();
    identities.sort_unstable();
    once(&identities)?;
    for (category, kind, lang, name) in identities {
        for part in [category, "/", kind, "/", lang, "/", name, "<"] {
            text.push_str(part);
        }
    }
    let mut features: Vec<_> = info.features.iter().map(|feature| &**feature).collect();
    features.sort_unstable();
    once(&features)?;
    for feature in features {
        push(&mut text, feature);
    }
    forms(info, &mut text)?;
    Ok(text)
}

fn forms(info: &Info, text: &mut String) -> Result<(), IllFormed> {
    // §5.4 step 3.6: a form without a hidden FORM_TYPE does not count.
    let mut forms: Vec<_> = info.forms.iter().filter_map(|form| Some((form.hidden_type()?, form))).collect();
    forms.sort_unstable_by_key(|(kind, _)| *kind);
    once(&forms.iter().map(|(kind, _)| *kind).collect::<Vec<_>>())?;
    for (kind, form) in forms {
        push(text, kind);
        let mut fields: Vec<_> = form.fields.iter().filter(|field| field.var != "FORM_TYPE").collect();
        fields.sort_by(|a, b| a.var.cmp(&b.var));
        for field in fields {
            push(text, &field.var);
            let mut values: Vec<_> = field.values.iter().collect();
            values.sort_unstable();
            for value in values {
                push(text, value);
            }
        }
    }
    Ok(())
}

fn push(text: &mut String, part: &str) {
    text.push_str(part);
    text.push('<');
}

fn once<T: PartialEq>(sorted: &[T]) -> Result<(), IllFormed> {
    if sorted.windows(2).any(|pair| pair[0] == pair[1]) { Err(IllFormed) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xep::{
        disco::Identity,
        forms::{Field, Form, FormKind},
    };

    fn exodus() -> Info {
        Info {
            identities: vec![Identity::new("client", "pc", "Exodus 0.9.1")],
            features: [
                "http://jabber.org/protocol/muc",
                "http://jabber.org/protocol/disco#items",
                "http://jabber.org/protocol/caps",
                "http://jabber.org/protocol/disco#info",
            ]
            .map(Into::into)
            .to_vec(),
            forms: Vec::new(),
        }
    }

    fn psi() -> Info {
        let mut info = exodus();
        let identity =
            |lang: &'static str, name| Identity { lang: lang.into(), ..Identity::new("client", "pc", name) };
        info.identities = vec![identity("en", "Psi 0.11"), identity("el", "\u{3a8} 0.11")];
        let mut form = Form::new(FormKind::Result, "urn:xmpp:dataforms:softwareinfo");
        for (var, values) in [
            ("ip_version", &["ipv4", "ipv6"][..]),
            ("os", &["Mac"]),
            ("os_version", &["10.5.1"]),
            ("software", &["Psi"]),
            ("software_version", &["0.11"]),
        ] {
            form.fields.push(Field::list(var, values.iter().map(|value| (*value).to_owned())));
        }
        info.forms.push(form);
        info
    }

    #[test]
    fn the_examples_of_the_standard() {
        // XEP-0115 §5.2 and §5.3.
        assert_eq!(verification(&exodus()), Ok("QgayPKawpkPSDYmwT/WM94uAlu0=".to_owned()));
        assert_eq!(verification(&psi()), Ok("q07IKJEyjvHSyhy//CH0CxmKi8w=".to_owned()));
    }

    #[test]
    fn what_stands_twice_is_ill_formed() {
        let mut info = exodus();
        info.features.push(info.features[0].clone());
        assert_eq!(verification(&info), Err(IllFormed));
        let mut info = exodus();
        info.identities.push(info.identities[0].clone());
        assert_eq!(verification(&info), Err(IllFormed));
        let mut info = psi();
        info.forms.push(info.forms[0].clone());
        assert_eq!(verification(&info), Err(IllFormed));
    }

    #[test]
    fn the_order_does_not_matter() {
        let mut info = psi();
        info.identities.reverse();
        info.features.reverse();
        info.forms[0].fields.reverse();
        assert_eq!(verification(&info), verification(&psi()));
    }
}
