//! Personal eventing (XEP-0163) as avatars (XEP-0084, XEP-0398), nicks (XEP-0172), bookmarks (XEP-0402) and OMEMO devices
//! use it, with its access models; vCards (XEP-0054), private storage (XEP-0049).

use tests::{House, play::play};

static HOUSE: House = House::new(&[]);

#[test]
fn contacts_hear_of_a_new_nick_and_strangers_do_not() {
    play(
        &HOUSE,
        "alice/phone signs in
         bob/desk signs in with interests
         carol/desk signs in with interests
         alice/phone befriends bob/desk
         alice/phone sets <pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='http://jabber.org/protocol/nick'>
            <item id='current'><nick xmlns='http://jabber.org/protocol/nick'>Ali</nick></item></publish></pubsub>
         alice/phone is told <pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='http://jabber.org/protocol/nick'><item id='current'/></publish></pubsub>
         bob/desk hears <message from='{alice}' to='{bob}/desk'><event xmlns='http://jabber.org/protocol/pubsub#event'>
            <items node='http://jabber.org/protocol/nick'><item id='current'><nick xmlns='http://jabber.org/protocol/nick'>Ali</nick></item></items></event></message>
         carol/desk hears nothing of <message from='{alice}'/>
         bob/desk gets from {alice}: <pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='http://jabber.org/protocol/nick'/></pubsub>
         bob/desk is told <pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='http://jabber.org/protocol/nick'><item id='current'/></items></pubsub>
         carol/desk gets from {alice}: <pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='http://jabber.org/protocol/nick'/></pubsub>
         carol/desk is refused: auth not-authorized <presence-subscription-required xmlns='http://jabber.org/protocol/pubsub#errors'/>
         -- Who comes later hears the last of it.
         bob/phone signs in with interests
         bob/phone hears <message from='{alice}'><event xmlns='http://jabber.org/protocol/pubsub#event'>
            <items node='http://jabber.org/protocol/nick'><item id='current'/></items></event></message>",
    );
}

#[test]
fn a_card_of_the_new_kind_is_a_node_like_any_other() {
    play(
        &HOUSE,
        "alice/phone signs in
         carol/desk signs in
         alice/phone sets <pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='urn:xmpp:vcard4'>
            <item id='current'><vcard xmlns='urn:ietf:params:xml:ns:vcard-4.0'><fn><text>Alice</text></fn></vcard></item></publish>
            <publish-options><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE' type='hidden'><value>http://jabber.org/protocol/pubsub#publish-options</value></field>
            <field var='pubsub#access_model'><value>open</value></field></x></publish-options></pubsub>
         alice/phone is told
         carol/desk gets from {alice}: <pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='urn:xmpp:vcard4'/></pubsub>
         carol/desk is told <pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='urn:xmpp:vcard4'><item id='current'>
            <vcard xmlns='urn:ietf:params:xml:ns:vcard-4.0'><fn><text>Alice</text></fn></vcard></item></items></pubsub>",
    );
}

#[test]
fn bookmarks_are_ones_own() {
    play(
        &HOUSE,
        "alice/phone signs in
         alice/desk signs in with interests
         bob/desk signs in with interests
         alice/phone befriends bob/desk
         alice/phone sets <pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='urn:xmpp:bookmarks:1'>
            <item id='{#tea}'><conference xmlns='urn:xmpp:bookmarks:1' name='Tea' autojoin='true'><nick>Alice</nick></conference></item></publish>
            <publish-options><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE' type='hidden'><value>http://jabber.org/protocol/pubsub#publish-options</value></field>
            <field var='pubsub#persist_items'><value>true</value></field><field var='pubsub#max_items'><value>max</value></field>
            <field var='pubsub#send_last_published_item'><value>never</value></field><field var='pubsub#access_model'><value>whitelist</value></field></x></publish-options></pubsub>
         alice/phone is told
         alice/desk hears <message from='{alice}'><event xmlns='http://jabber.org/protocol/pubsub#event'><items node='urn:xmpp:bookmarks:1'>
            <item id='{#tea}'><conference xmlns='urn:xmpp:bookmarks:1' name='Tea'/></item></items></event></message>
         bob/desk hears nothing of <message from='{alice}'><event xmlns='http://jabber.org/protocol/pubsub#event'/></message>
         bob/desk gets from {alice}: <pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='urn:xmpp:bookmarks:1'/></pubsub>
         bob/desk is refused: cancel not-allowed <closed-node xmlns='http://jabber.org/protocol/pubsub#errors'/>
         alice/desk sets <pubsub xmlns='http://jabber.org/protocol/pubsub'><retract node='urn:xmpp:bookmarks:1' notify='true'><item id='{#tea}'/></retract></pubsub>
         alice/desk is told
         alice/desk hears <message><event xmlns='http://jabber.org/protocol/pubsub#event'><items node='urn:xmpp:bookmarks:1'><retract id='{#tea}'/></items></event></message>
         -- The older way to them shows the same (XEP-0049, XEP-0402 §7).
         alice/phone gets <query xmlns='jabber:iq:private'><storage xmlns='storage:bookmarks'/></query>
         alice/phone is told <query xmlns='jabber:iq:private'><storage xmlns='storage:bookmarks'/></query>",
    );
}

#[test]
fn everybody_reads_what_is_open_and_only_the_owner_writes() {
    play(
        &HOUSE,
        "alice/phone signs in
         carol/desk signs in
         alice/phone sets <pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='urn:xmpp:omemo:2:devices'>
            <item id='current'><devices xmlns='urn:xmpp:omemo:2'><device id='12345'/></devices></item></publish>
            <publish-options><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE' type='hidden'><value>http://jabber.org/protocol/pubsub#publish-options</value></field>
            <field var='pubsub#access_model'><value>open</value></field></x></publish-options></pubsub>
         alice/phone is told
         carol/desk gets from {alice}: <pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='urn:xmpp:omemo:2:devices'/></pubsub>
         carol/desk is told <pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='urn:xmpp:omemo:2:devices'>
            <item id='current'><devices xmlns='urn:xmpp:omemo:2'><device id='12345'/></devices></item></items></pubsub>
         carol/desk sets at {alice}: <pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='urn:xmpp:omemo:2:devices'>
            <item id='current'><devices xmlns='urn:xmpp:omemo:2'/></item></publish></pubsub>
         carol/desk is refused: auth forbidden
         carol/desk gets from {alice}: <pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='nothing'/></pubsub>
         carol/desk is refused: cancel item-not-found",
    );
}

#[test]
fn an_avatar_is_seen_in_both_ways() {
    play(
        &HOUSE,
        "alice/phone signs in
         bob/desk signs in with interests
         alice/phone befriends bob/desk
         alice/phone sets <pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='urn:xmpp:avatar:data'>
            <item id='aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d'><data xmlns='urn:xmpp:avatar:data'>aGVsbG8=</data></item></publish></pubsub>
         alice/phone is told
         alice/phone sets <pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='urn:xmpp:avatar:metadata'>
            <item id='aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d'><metadata xmlns='urn:xmpp:avatar:metadata'>
            <info bytes='5' id='aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d' type='image/png' width='1' height='1'/></metadata></item></publish></pubsub>
         alice/phone is told
         bob/desk hears <message from='{alice}'><event xmlns='http://jabber.org/protocol/pubsub#event'><items node='urn:xmpp:avatar:metadata'>
            <item id='aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d'/></items></event></message>
         bob/desk gets from {alice}: <vCard xmlns='vcard-temp'/>
         bob/desk is told <vCard xmlns='vcard-temp'><PHOTO><TYPE>image/png</TYPE><BINVAL>aGVsbG8=</BINVAL></PHOTO></vCard>
         alice/phone: <presence/>
         bob/desk hears <presence from='{alice}/phone'><x xmlns='vcard-temp:x:update'><photo>aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d</photo></x></presence>",
    );
}

#[test]
fn a_visiting_card_is_kept_and_shown() {
    play(
        &HOUSE,
        "alice/phone signs in
         carol/desk signs in
         alice/phone gets <vCard xmlns='vcard-temp'/>
         alice/phone is told <vCard xmlns='vcard-temp'/>
         alice/phone sets <vCard xmlns='vcard-temp'><FN>Alice Liddell</FN></vCard>
         alice/phone is told
         carol/desk gets from {alice}: <vCard xmlns='vcard-temp'/>
         carol/desk is told <vCard xmlns='vcard-temp'><FN>Alice Liddell</FN></vCard>
         carol/desk sets at {alice}: <vCard xmlns='vcard-temp'><FN>Mallory</FN></vCard>
         carol/desk is refused: auth forbidden",
    );
}

#[test]
fn private_things_are_kept_for_oneself() {
    play(
        &HOUSE,
        "alice/phone signs in
         alice/phone sets <query xmlns='jabber:iq:private'><notes xmlns='urn:notes'><note>milk</note></notes></query>
         alice/phone is told
         alice/phone gets <query xmlns='jabber:iq:private'><notes xmlns='urn:notes'/></query>
         alice/phone is told <query xmlns='jabber:iq:private'><notes xmlns='urn:notes'><note>milk</note></notes></query>
         bob/desk signs in
         bob/desk gets from {alice}: <query xmlns='jabber:iq:private'><notes xmlns='urn:notes'/></query>
         bob/desk is refused: auth forbidden",
    );
}
