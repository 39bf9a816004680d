//! PEP as dialogues (XEP-0163, XEP-0060).

use super::event;
use crate::{
    limits::ITEMS_PER_REQUEST,
    xep::script::{address, me, play, text},
};
use domain::category::{CategoryNotice, Change, Item};
use std::sync::Arc;

#[test]
fn an_item_is_published_and_named() {
    play(
        "C: set - <pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='n'><item id='i'><nick xmlns='urn:n'>A&amp;B</nick></item></publish></pubsub>
         D: publish alice@example.org n i <nick xmlns='urn:n'>A&amp;B</nick>
         d: done
         S: <pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='n'><item id='i'/></publish></pubsub>",
    );
}

#[test]
fn an_item_without_an_id_gets_one() {
    play(
        "C: set - <pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='n'><item><a xmlns='urn:n'/></item></publish></pubsub>
         D: publish alice@example.org n 1a1fdcc84226b96d80bda37c5eb <a xmlns='urn:n'/>
         d: no LimitReached
         S: ! modify policy-violation",
    );
}

#[test]
fn options_make_a_new_node() {
    play(
        "C: set - <pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='n'><item id='i'><a xmlns='urn:n'/></item></publish><publish-options><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE' type='hidden'><value>http://jabber.org/protocol/pubsub#publish-options</value></field><field var='pubsub#access_model'><value>open</value></field><field var='pubsub#max_items'><value>max</value></field></x></publish-options></pubsub>
         D: settings alice@example.org n
         d: no NotFound
         D: publish alice@example.org n i <a xmlns='urn:n'/> with Open 1000 persist last retract
         d: done
         S: <pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='n'><item id='i'/></publish></pubsub>",
    );
}

#[test]
fn options_must_hold_of_a_node_that_is_there_but_only_those_named() {
    let request = "C: set - <pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='n'><item id='i'><a xmlns='urn:n'/></item></publish><publish-options><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>http://jabber.org/protocol/pubsub#publish-options</value></field><field var='pubsub#access_model'><value>open</value></field></x></publish-options></pubsub>
         D: settings alice@example.org n";
    play(&format!(
        "{request}
         d: settings Open 7
         D: publish alice@example.org n i <a xmlns='urn:n'/>
         d: done
         S: <pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='n'><item id='i'/></publish></pubsub>"
    ));
    play(&format!(
        "{request}
         d: settings Presence 7
         S: ! cancel conflict <precondition-not-met xmlns='http://jabber.org/protocol/pubsub#errors'/>"
    ));
}

#[test]
fn what_is_no_publication_is_refused() {
    for (inside, error) in [
        (
            "<publish><item id='i'><a/></item></publish>",
            "modify bad-request <nodeid-required xmlns='http://jabber.org/protocol/pubsub#errors'/>",
        ),
        (
            "<publish node='n'/>",
            "modify bad-request <item-required xmlns='http://jabber.org/protocol/pubsub#errors'/>",
        ),
        (
            "<publish node='n'><item id='i'/></publish>",
            "modify bad-request <payload-required xmlns='http://jabber.org/protocol/pubsub#errors'/>",
        ),
        (
            "<publish node='n'><item id='i'><a/><b/></item></publish>",
            "modify bad-request <invalid-payload xmlns='http://jabber.org/protocol/pubsub#errors'/>",
        ),
        (
            "<publish node='n'><item><a/></item><item><a/></item></publish>",
            "cancel not-allowed <max-items-exceeded xmlns='http://jabber.org/protocol/pubsub#errors'/>",
        ),
        ("<publish node='vcard-temp'><item><a/></item></publish>", "cancel item-not-found"),
        ("<publish node='private urn:x'><item><a/></item></publish>", "cancel item-not-found"),
        (
            "<subscribe node='n' jid='alice@example.org'/>",
            "cancel feature-not-implemented <unsupported xmlns='http://jabber.org/protocol/pubsub#errors' feature='subscribe'/>",
        ),
        ("<nonsense/>", "modify bad-request"),
        ("", "modify bad-request"),
    ] {
        play(&format!(
            "C: set - <pubsub xmlns='http://jabber.org/protocol/pubsub'>{inside}</pubsub>
             S: ! {error}"
        ));
    }
    play(
        "C: set bob@example.org <pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='n'><item id='i'><a/></item></publish></pubsub>
         S: ! auth forbidden",
    );
}

#[test]
fn items_are_read_all_some_or_page_by_page() {
    play(
        "C: get bob@example.org <pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='n' max_items='1'/></pubsub>
         D: read bob@example.org n [] max 1
         d: items i <a xmlns='urn:n'/>
         S: <pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='n'><item id='i'><a xmlns='urn:n'/></item></items></pubsub>",
    );
    play(
        "C: get - <pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='n'><item id='i'/><item id='j'/></items></pubsub>
         D: read alice@example.org n [i j]
         d: items i <a xmlns='urn:n'/>
         S: <pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='n'><item id='i'><a xmlns='urn:n'/></item></items></pubsub>",
    );
    play(
        "C: get - <pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='n'/><set xmlns='http://jabber.org/protocol/rsm'><max>1</max><after>i</after></set></pubsub>
         D: read alice@example.org n []
         d: items i <a xmlns='urn:n'/> | j <b xmlns='urn:n'/> | k <c xmlns='urn:n'/>
         S: <pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='n'><item id='j'><b xmlns='urn:n'/></item></items><set xmlns='http://jabber.org/protocol/rsm'><first index='1'>j</first><last>j</last><count>3</count></set></pubsub>",
    );
}

#[test]
fn who_may_not_read_is_told_what_would_help() {
    for (reason, error) in [
        ("NotFound", "cancel item-not-found"),
        (
            "MembersOnly",
            "auth not-authorized <presence-subscription-required xmlns='http://jabber.org/protocol/pubsub#errors'/>",
        ),
        ("Forbidden", "cancel not-allowed <closed-node xmlns='http://jabber.org/protocol/pubsub#errors'/>"),
    ] {
        play(&format!(
            "C: get bob@example.org <pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='n'/></pubsub>
             D: read bob@example.org n []
             d: no {reason}
             S: ! {error}"
        ));
    }
}

#[test]
fn one_request_names_so_many_items_and_no_more() {
    let items = "<item id='i'/>".repeat(ITEMS_PER_REQUEST + 1);
    play(&format!(
        "C: get - <pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='n'>{items}</items></pubsub>
         S: ! modify not-acceptable"
    ));
}

#[test]
fn items_are_taken_back() {
    play(
        "C: set - <pubsub xmlns='http://jabber.org/protocol/pubsub'><retract node='n' notify='true'><item id='i'/></retract></pubsub>
         D: retract alice@example.org n i true
         d: done
         S: ok",
    );
    play(
        "C: set - <pubsub xmlns='http://jabber.org/protocol/pubsub'><retract node='n'/></pubsub>
         S: ! modify bad-request <item-required xmlns='http://jabber.org/protocol/pubsub#errors'/>",
    );
}

#[test]
fn a_node_is_made_configured_emptied_and_removed() {
    play(
        "C: set - <pubsub xmlns='http://jabber.org/protocol/pubsub'><create node='n'/><configure><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>http://jabber.org/protocol/pubsub#node_config</value></field><field var='pubsub#access_model'><value>whitelist</value></field></x></configure></pubsub>
         D: create alice@example.org n with Whitelist 1 persist last retract
         d: done
         S: ok",
    );
    play(
        "C: set - <pubsub xmlns='http://jabber.org/protocol/pubsub#owner'><configure node='n'><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>http://jabber.org/protocol/pubsub#node_config</value></field><field var='pubsub#max_items'><value>5</value></field><field var='pubsub#send_last_published_item'><value>never</value></field></x></configure></pubsub>
         D: settings alice@example.org n
         d: settings Open 1
         D: configure alice@example.org n Open 5 persist retract
         d: done
         S: ok",
    );
    for (verb, command) in [("purge", "purge"), ("delete", "delete")] {
        play(&format!(
            "C: set - <pubsub xmlns='http://jabber.org/protocol/pubsub#owner'><{verb} node='n'/></pubsub>
             D: {command} alice@example.org n
             d: done
             S: ok"
        ));
    }
}

#[test]
fn settings_that_are_not_offered_are_refused() {
    for (field, error) in [
        (
            "access_model'><value>authorize",
            "modify not-acceptable <unsupported-access-model xmlns='http://jabber.org/protocol/pubsub#errors'/>",
        ),
        ("max_items'><value>1001", "modify not-acceptable"),
        ("max_items'><value>many", "modify bad-request"),
        ("persist_items'><value>perhaps", "modify bad-request"),
        ("expire_time'><value>1", "modify not-acceptable"),
    ] {
        play(&format!(
            "C: set - <pubsub xmlns='http://jabber.org/protocol/pubsub'><create node='n'/><configure><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>http://jabber.org/protocol/pubsub#node_config</value></field><field var='pubsub#{field}</value></field></x></configure></pubsub>
             S: ! {error}"
        ));
    }
}

#[test]
fn the_account_owns_its_nodes_but_those_of_other_services_are_none() {
    play(
        "C: get - <pubsub xmlns='http://jabber.org/protocol/pubsub'><affiliations/></pubsub>
         D: list alice@example.org
         d: nodes n vcard-temp
         S: <pubsub xmlns='http://jabber.org/protocol/pubsub'><affiliations><affiliation node='n' affiliation='owner'/></affiliations></pubsub>",
    );
}

#[test]
fn the_audience_is_told() {
    let notice = |category: &str, change| {
        let mut out = Vec::new();
        let notice = CategoryNotice { owner: address("bob@example.org"), category: category.into(), change };
        event(&me(), &notice, &mut out).then(|| text(&out))
    };
    let around = |inside: &str| {
        Some(format!(
            "<message from='bob@example.org' to='alice@example.org/desk' type='headline'>\
             <event xmlns='http://jabber.org/protocol/pubsub#event'>{inside}</event></message>"
        ))
    };
    let item = Arc::new(Item { id: "i".into(), publisher: me(), content: "<a xmlns='urn:n'/>".into() });
    assert_eq!(
        notice("n", Change::Published(item.clone())),
        around("<items node='n'><item id='i'><a xmlns='urn:n'/></item></items>")
    );
    assert_eq!(
        notice("n", Change::Retracted("i".into())),
        around("<items node='n'><retract id='i'/></items>")
    );
    assert_eq!(notice("n", Change::Purged), around("<purge node='n'/>"));
    assert_eq!(notice("n", Change::Deleted), around("<delete node='n'/>"));
    assert_eq!(notice("vcard-temp", Change::Published(item)), None);
}
