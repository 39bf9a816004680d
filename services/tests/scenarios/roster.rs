//! Contacts and subscriptions (RFC 6121 §2, §3): pushes to all resources, versions, and the handshake in both directions.

use tests::{House, play::play};

static HOUSE: House = House::new(&[]);

#[test]
fn a_contact_is_added_renamed_and_removed_and_every_device_is_told() {
    play(
        &HOUSE,
        "alice/phone signs in
         alice/desk signs in
         alice/phone gets <query xmlns='jabber:iq:roster'/>
         alice/phone is told <query xmlns='jabber:iq:roster'><not xmlns='play'><item xmlns='jabber:iq:roster'/></not></query>
         alice/desk gets <query xmlns='jabber:iq:roster'/>
         alice/desk is told <query xmlns='jabber:iq:roster'/>
         alice/phone sets <query xmlns='jabber:iq:roster'><item jid='{bob}' name='Bob'><group>Friends</group></item></query>
         alice/phone is told
         alice/phone hears <iq type='set'><query xmlns='jabber:iq:roster'>
            <item jid='{bob}' name='Bob' subscription='none'><group>Friends</group></item></query></iq>
         alice/desk hears <iq type='set'><query xmlns='jabber:iq:roster'>
            <item jid='{bob}' name='Bob' subscription='none'><group>Friends</group></item></query></iq>
         alice/desk sets <query xmlns='jabber:iq:roster'><item jid='{bob}' name='Robert'/></query>
         alice/desk is told
         alice/phone hears <iq type='set'><query xmlns='jabber:iq:roster'><item jid='{bob}' name='Robert'>
            <not xmlns='play'><group xmlns='jabber:iq:roster'/></not></item></query></iq>
         alice/phone gets <query xmlns='jabber:iq:roster'/>
         alice/phone is told <query xmlns='jabber:iq:roster'><item jid='{bob}' name='Robert' subscription='none' ask='-'/></query>
         alice/phone sets <query xmlns='jabber:iq:roster'><item jid='{bob}' subscription='remove'/></query>
         alice/phone is told
         alice/desk hears <iq type='set'><query xmlns='jabber:iq:roster'><item jid='{bob}' subscription='remove'/></query></iq>
         alice/phone sets <query xmlns='jabber:iq:roster'><item jid='{bob}' subscription='remove'/></query>
         alice/phone is refused: cancel item-not-found",
    );
}

#[test]
fn who_did_not_ask_for_the_list_is_not_pushed_to() {
    play(
        &HOUSE,
        "alice/phone signs in
         alice/desk signs in
         alice/phone gets <query xmlns='jabber:iq:roster'/>
         alice/phone is told
         alice/phone sets <query xmlns='jabber:iq:roster'><item jid='{bob}'/></query>
         alice/phone is told
         alice/desk hears nothing of <iq type='set'><query xmlns='jabber:iq:roster'/></iq>",
    );
}

#[test]
fn who_knows_the_version_gets_only_what_is_new() {
    play(
        &HOUSE,
        "alice/phone signs in
         alice/phone gets <query xmlns='jabber:iq:roster' ver=''/>
         alice/phone is told <query xmlns='jabber:iq:roster' ver='{first}'/>
         alice/phone gets <query xmlns='jabber:iq:roster' ver='{first}'/>
         alice/phone is told
         alice/phone sets <query xmlns='jabber:iq:roster'><item jid='{bob}' name='Bob'/></query>
         alice/phone is told
         alice/phone hears <iq type='set'><query xmlns='jabber:iq:roster' ver='{second}'/></iq>
         alice/phone sets <query xmlns='jabber:iq:roster'><item jid='{carol}' name='Carol'/></query>
         alice/phone is told
         alice/phone hears <iq type='set'><query xmlns='jabber:iq:roster' ver='{third}'/></iq>
         alice/phone gets <query xmlns='jabber:iq:roster' ver='{third}'/>
         alice/phone is told
         alice/phone hears nothing of <iq type='set'><query xmlns='jabber:iq:roster'/></iq>
         alice/phone gets <query xmlns='jabber:iq:roster'/>
         alice/phone is told <query xmlns='jabber:iq:roster' ver='{third}'><item jid='{bob}'/><item jid='{carol}'/></query>",
    );
}

#[test]
fn what_is_no_contact_is_refused() {
    play(
        &HOUSE,
        "alice/phone signs in
         alice/phone sets <query xmlns='jabber:iq:roster'><item jid='{bob}'/><item jid='{carol}'/></query>
         alice/phone is refused: modify bad-request
         alice/phone sets <query xmlns='jabber:iq:roster'><item jid='not an address@'/></query>
         alice/phone is refused: modify jid-malformed
         alice/phone sets <query xmlns='jabber:iq:roster'><item jid='{bob}'><group></group></item></query>
         alice/phone is refused: modify not-acceptable
         alice/phone sets at {bob}: <query xmlns='jabber:iq:roster'><item jid='{bob}'/></query>
         alice/phone is refused: cancel service-unavailable",
    );
}

#[test]
fn two_people_become_contacts_of_each_other_step_by_step() {
    play(
        &HOUSE,
        "alice/phone signs in
         alice/desk signs in
         bob/desk signs in
         alice/phone gets <query xmlns='jabber:iq:roster'/>
         alice/phone is told
         alice/desk gets <query xmlns='jabber:iq:roster'/>
         alice/desk is told
         bob/desk gets <query xmlns='jabber:iq:roster'/>
         bob/desk is told
         -- Alice asks.
         alice/phone: <presence to='{bob}' type='subscribe' id='s1'><status>me, from the fair</status></presence>
         alice/phone hears <iq type='set'><query xmlns='jabber:iq:roster'><item jid='{bob}' subscription='none' ask='subscribe'/></query></iq>
         alice/desk hears <iq type='set'><query xmlns='jabber:iq:roster'><item jid='{bob}' subscription='none' ask='subscribe'/></query></iq>
         bob/desk hears <presence from='{alice}' type='subscribe'><status>me, from the fair</status></presence>
         bob/desk hears nothing of <iq type='set'><query xmlns='jabber:iq:roster'/></iq>
         -- Bob says yes.
         bob/desk: <presence to='{alice}' type='subscribed'/>
         bob/desk hears <iq type='set'><query xmlns='jabber:iq:roster'><item jid='{alice}' subscription='from'/></query></iq>
         alice/phone hears <presence from='{bob}' type='subscribed'/>
         alice/phone hears <iq type='set'><query xmlns='jabber:iq:roster'><item jid='{bob}' subscription='to' ask='-'/></query></iq>
         alice/desk hears <iq type='set'><query xmlns='jabber:iq:roster'><item jid='{bob}' subscription='to'/></query></iq>
         alice/phone hears <presence from='{bob}/desk' type='-'/>
         alice/desk hears <presence from='{bob}/desk' type='-'/>
         -- And asks back.
         bob/desk: <presence to='{alice}' type='subscribe'/>
         bob/desk hears <iq type='set'><query xmlns='jabber:iq:roster'><item jid='{alice}' subscription='from' ask='subscribe'/></query></iq>
         alice/desk hears <presence from='{bob}' type='subscribe'/>
         alice/desk: <presence to='{bob}' type='subscribed'/>
         bob/desk hears <presence from='{alice}' type='subscribed'/>
         bob/desk hears <iq type='set'><query xmlns='jabber:iq:roster'><item jid='{alice}' subscription='both'/></query></iq>
         bob/desk hears <presence from='{alice}/phone' type='-'/>
         bob/desk hears <presence from='{alice}/desk' type='-'/>
         alice/phone hears <iq type='set'><query xmlns='jabber:iq:roster'><item jid='{bob}' subscription='both'/></query></iq>
         -- Alice no longer wants to see Bob.
         alice/phone: <presence to='{bob}' type='unsubscribe'/>
         alice/phone hears <iq type='set'><query xmlns='jabber:iq:roster'><item jid='{bob}' subscription='from'/></query></iq>
         alice/phone hears <presence from='{bob}/desk' type='unavailable'/>
         bob/desk hears <presence from='{alice}' type='unsubscribe'/>
         bob/desk hears <iq type='set'><query xmlns='jabber:iq:roster'><item jid='{alice}' subscription='to'/></query></iq>
         -- Nor to be seen.
         alice/phone: <presence to='{bob}' type='unsubscribed'/>
         alice/phone hears <iq type='set'><query xmlns='jabber:iq:roster'><item jid='{bob}' subscription='none'/></query></iq>
         bob/desk hears <presence from='{alice}' type='unsubscribed'/>
         bob/desk hears <presence from='{alice}/phone' type='unavailable'/>
         bob/desk hears <iq type='set'><query xmlns='jabber:iq:roster'><item jid='{alice}' subscription='none'/></query></iq>",
    );
}

#[test]
fn a_request_is_declined() {
    play(
        &HOUSE,
        "alice/phone signs in
         bob/desk signs in
         alice/phone gets <query xmlns='jabber:iq:roster'/>
         alice/phone is told
         alice/phone: <presence to='{bob}' type='subscribe'/>
         bob/desk hears <presence from='{alice}' type='subscribe'/>
         bob/desk: <presence to='{alice}' type='unsubscribed'/>
         alice/phone hears <presence from='{bob}' type='unsubscribed'/>
         alice/phone gets <query xmlns='jabber:iq:roster'/>
         alice/phone is told <query xmlns='jabber:iq:roster'><item jid='{bob}' subscription='none' ask='-'/></query>
         alice/phone hears nothing of <presence from='{bob}/desk'/>",
    );
}

#[test]
fn a_request_waits_for_who_is_away() {
    play(
        &HOUSE,
        "alice/phone signs in
         alice/phone: <presence to='{bob}' type='subscribe'/>
         alice/phone forgets
         bob/desk signs in
         bob/desk hears <presence from='{alice}' type='subscribe'/>
         bob/desk leaves
         -- Until it is answered it comes at each sign-in.
         bob/phone signs in
         bob/phone hears <presence from='{alice}' type='subscribe'/>
         bob/phone: <presence to='{alice}' type='subscribed'/>
         alice/phone hears <presence from='{bob}/phone' type='-'/>
         bob/desk signs in
         bob/desk hears nothing of <presence from='{alice}' type='subscribe'/>",
    );
}

#[test]
fn who_is_approved_before_asking_is_let_in_at_once() {
    play(
        &HOUSE,
        "alice/phone signs in
         bob/desk signs in
         bob/desk gets <query xmlns='jabber:iq:roster'/>
         bob/desk is told
         alice/phone gets <query xmlns='jabber:iq:roster'/>
         alice/phone is told
         bob/desk: <presence to='{alice}' type='subscribed'/>
         bob/desk hears <iq type='set'><query xmlns='jabber:iq:roster'><item jid='{alice}' subscription='none' approved='true'/></query></iq>
         alice/phone hears nothing of <presence from='{bob}' type='subscribed'/>
         alice/phone: <presence to='{bob}' type='subscribe'/>
         alice/phone hears <presence from='{bob}' type='subscribed'/>
         alice/phone hears <presence from='{bob}/desk' type='-'/>
         bob/desk hears <iq type='set'><query xmlns='jabber:iq:roster'><item jid='{alice}' subscription='from'/></query></iq>
         bob/desk hears nothing of <presence from='{alice}' type='subscribe'/>",
    );
}

#[test]
fn removing_a_contact_ends_it_for_both() {
    play(
        &HOUSE,
        "alice/phone signs in
         bob/desk signs in
         alice/phone befriends bob/desk
         bob/desk gets <query xmlns='jabber:iq:roster'/>
         bob/desk is told <query xmlns='jabber:iq:roster'><item jid='{alice}' subscription='both'/></query>
         alice/phone sets <query xmlns='jabber:iq:roster'><item jid='{bob}' subscription='remove'/></query>
         alice/phone is told
         bob/desk hears <presence from='{alice}' type='unsubscribe'/>
         bob/desk hears <presence from='{alice}' type='unsubscribed'/>
         bob/desk hears <presence from='{alice}/phone' type='unavailable'/>
         alice/phone hears <presence from='{bob}/desk' type='unavailable'/>
         bob/desk gets <query xmlns='jabber:iq:roster'/>
         bob/desk is told <query xmlns='jabber:iq:roster'><item jid='{alice}' subscription='none'/></query>",
    );
}
