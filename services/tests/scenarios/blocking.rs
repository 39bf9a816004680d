//! Blocking (XEP-0191): who is blocked is told nothing and told no difference; every device of the blocker is.

use tests::{House, play::play};

static HOUSE: House = House::new(&[]);

#[test]
fn who_is_blocked_sees_somebody_who_is_not_there() {
    play(
        &HOUSE,
        "alice/phone signs in
         alice/desk signs in
         bob/desk signs in
         alice/phone befriends bob/desk
         alice/desk gets <blocklist xmlns='urn:xmpp:blocking'/>
         alice/desk is told <blocklist xmlns='urn:xmpp:blocking'><not xmlns='play'><item xmlns='urn:xmpp:blocking'/></not></blocklist>
         alice/phone sets <block xmlns='urn:xmpp:blocking'><item jid='{bob}'/></block>
         alice/phone is told
         alice/desk hears <iq type='set'><block xmlns='urn:xmpp:blocking'><item jid='{bob}'/></block></iq>
         bob/desk hears <presence from='{alice}/phone' type='unavailable'/>
         bob/desk: <message to='{alice}' type='chat' id='1'><body>hello?</body></message>
         bob/desk hears <message from='{alice}' type='error' id='1'><error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>
         bob/desk gets from {alice}/phone: <ping xmlns='urn:xmpp:ping'/>
         bob/desk is refused: cancel service-unavailable
         alice/phone hears nothing of <message from='{bob}/desk'/>
         -- Nor does the blocker write to who is blocked.
         alice/phone: <message to='{bob}' type='chat' id='2'><body>psst</body></message>
         alice/phone hears <message from='{bob}' type='error' id='2'><error type='cancel'><not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>
            <blocked xmlns='urn:xmpp:blocking:errors'/></error></message>
         alice/phone gets <blocklist xmlns='urn:xmpp:blocking'/>
         alice/phone is told <blocklist xmlns='urn:xmpp:blocking'><item jid='{bob}'/></blocklist>
         alice/phone sets <unblock xmlns='urn:xmpp:blocking'><item jid='{bob}'/></unblock>
         alice/phone is told
         bob/desk hears <presence from='{alice}/phone' type='-'/>
         bob/desk: <message to='{alice}' type='chat' id='3'><body>hello again</body></message>
         alice/phone hears <message from='{bob}/desk' id='3'/>",
    );
}

#[test]
fn a_request_of_who_is_blocked_is_not_seen() {
    play(
        &HOUSE,
        "alice/phone signs in
         bob/desk signs in
         alice/phone sets <block xmlns='urn:xmpp:blocking'><item jid='{bob}'/></block>
         alice/phone is told
         bob/desk: <presence to='{alice}' type='subscribe'/>
         alice/phone hears nothing of <presence from='{bob}'/>
         alice/phone sets <unblock xmlns='urn:xmpp:blocking'/>
         alice/phone is told
         alice/phone gets <blocklist xmlns='urn:xmpp:blocking'/>
         alice/phone is told <blocklist xmlns='urn:xmpp:blocking'><not xmlns='play'><item xmlns='urn:xmpp:blocking'/></not></blocklist>",
    );
}
