//! Signing in: every way that leads in, and those that do not.

use super::*;

const SASL2: &str = "<authenticate xmlns='urn:xmpp:sasl:2' mechanism=";

#[test]
fn starttls_then_scram_plus_then_bind() {
    let script = "
        C: {open}
        S: <?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' id='…' from='example.org' version='1.0' xml:lang='en'>
        S: <stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls></stream:features>
        C: <starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>
        S: <proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>
        E: tls
        H: secured
        C: {open}
        S: <?xml version='1.0'?><stream:stream …>
        S: <stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>SCRAM-SHA-256-PLUS</mechanism><mechanism>SCRAM-SHA-1-PLUS</mechanism><mechanism>SCRAM-SHA-256</mechanism><mechanism>SCRAM-SHA-1</mechanism><mechanism>PLAIN</mechanism></mechanisms>
        S: <authentication xmlns='urn:xmpp:sasl:2'><mechanism>SCRAM-SHA-256-PLUS</mechanism>…<inline><bind xmlns='urn:xmpp:bind:0'><inline><feature var='urn:xmpp:carbons:2'/><feature var='urn:xmpp:csi:0'/><feature var='urn:xmpp:sm:3'/></inline></bind><sm xmlns='urn:xmpp:sm:3'/><fast xmlns='urn:xmpp:fast:0'><mechanism>HT-SHA-256-EXPR</mechanism><mechanism>HT-SHA-256-ENDP</mechanism><mechanism>HT-SHA-256-NONE</mechanism></fast></inline></authentication>
        S: <sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'><channel-binding type='tls-exporter'/><channel-binding type='tls-server-end-point'/></sasl-channel-binding></stream:features>
        C: <auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-256-PLUS'>{first p=tls-exporter,,}</auth>
        E: ask verifier alice@example.org Sha256
        H: verifier
        S: <challenge xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>…</challenge>
        C: <response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>{proof}</response>
        S: <success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>…</success>
        C: {open}
        S: <?xml version='1.0'?><stream:stream …>
        S: <stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><required/></bind><session xmlns='urn:ietf:params:xml:ns:xmpp-session'><optional/></session><sm xmlns='urn:xmpp:sm:3'/><csi xmlns='urn:xmpp:csi:0'/><ver xmlns='urn:xmpp:features:rosterver'/></stream:features>
        C: <iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>
        E: ask bind alice@example.org/yMgzkk1MCbdh
        H: bound
        S: <iq type='result' id='b'>…</iq>
        E: signed in alice@example.org/yMgzkk1MCbdh
    ";
    play(&Carrier::Tcp, &[script]);
}

#[test]
fn what_comes_in_clear_after_starttls_is_not_heard() {
    let script = "
        C: {open}
        S: …</stream:features>
        C: <starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/><auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{plain}</auth>
        S: <proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>
        E: tls
        H: unbound
        C: {open}
        S: …<mechanism>SCRAM-SHA-256</mechanism><mechanism>SCRAM-SHA-1</mechanism><mechanism>PLAIN</mechanism>…</stream:features>
    ";
    play(&Carrier::Tcp, &[script]);
}

#[test]
fn everything_in_one_round_trip() {
    let agent = "<user-agent id='phone-1'><software>x</software></user-agent>";
    let script = format!(
        "C: {{open}}
        S: …</stream:features>
        C: {SASL2}'SCRAM-SHA-256'><initial-response>{{first n,,}}</initial-response>{agent}<bind xmlns='urn:xmpp:bind:0'><tag>App</tag><enable xmlns='urn:xmpp:carbons:2'/><enable xmlns='urn:xmpp:sm:3' resume='true'/><inactive xmlns='urn:xmpp:csi:0'/></bind><request-token xmlns='urn:xmpp:fast:0' mechanism='HT-SHA-256-NONE'/></authenticate>
        E: ask verifier alice@example.org Sha256
        H: verifier
        S: <challenge xmlns='urn:xmpp:sasl:2'>…</challenge>
        C: <response xmlns='urn:xmpp:sasl:2'>{{proof}}</response>
        E: token alice@example.org phone-1 HT-SHA-256-NONE 0
        E: ask bind alice@example.org/App~KMMRP7RlUhOq
        H: bound
        S: <success xmlns='urn:xmpp:sasl:2'><additional-data>…</additional-data><authorization-identifier>alice@example.org/App~KMMRP7RlUhOq</authorization-identifier><token xmlns='urn:xmpp:fast:0' expiry='1970-01-15T00:16:40Z' token='{{token}}'/><bound xmlns='urn:xmpp:bind:0'><enabled xmlns='urn:xmpp:sm:3' id='…' resume='true' max='300'/></bound></success>
        S: <stream:features><csi xmlns='urn:xmpp:csi:0'/><ver xmlns='urn:xmpp:features:rosterver'/></stream:features>
        E: signed in alice@example.org/App~KMMRP7RlUhOq carbons inactive resumable
        C: <message/>
        E: stanza 1 <message/>
        H: lost
        E: parked for 300
        H: done 1
        H: reconnect
        C: {{open}}
        S: …</stream:features>
        C: {SASL2}'HT-SHA-256-NONE'><initial-response>{{ht}}</initial-response>{agent}<fast xmlns='urn:xmpp:fast:0' count='1'/><resume xmlns='urn:xmpp:sm:3' previd='{{id}}' h='0'/><bind xmlns='urn:xmpp:bind:0'/></authenticate>
        E: ask tokens alice@example.org phone-1
        H: tokens
        E: token alice@example.org phone-1 HT-SHA-256-NONE 1
        E: ask resume alice@example.org {{id}}
        H: parked
        E: resumed alice@example.org/App~KMMRP7RlUhOq
        E: active true
        S: <success xmlns='urn:xmpp:sasl:2'><additional-data>…</additional-data><authorization-identifier>alice@example.org/App~KMMRP7RlUhOq</authorization-identifier><resumed xmlns='urn:xmpp:sm:3' h='1' previd='{{id}}'/></success>
        S: <stream:features>…</stream:features>
        C: <presence/>
        E: stanza 2 <presence/>"
    );
    play(&Carrier::Tls(channel()), &[&script]);
}

#[test]
fn a_token_is_good_once_for_each_count_and_until_it_runs_out() {
    let agent = "<user-agent id='phone-1'/>";
    let use_it = |count: &str| {
        format!(
            "C: {SASL2}'HT-SHA-256-NONE'><initial-response>{{ht}}</initial-response>{agent}<fast xmlns='urn:xmpp:fast:0' {count}/></authenticate>"
        )
    };
    let (first, again, expired) = (use_it("count='1'"), use_it("count='1'"), use_it("count='2'"));
    let (late, forget) = (use_it("count='2'"), use_it("count='3' invalidate='true'"));
    let script = format!(
        "C: {{open}}
        S: …</stream:features>
        C: {SASL2}'PLAIN'><initial-response>{{plain}}</initial-response>{agent}<request-token xmlns='urn:xmpp:fast:0' mechanism='HT-SHA-256-NONE'/></authenticate>
        E: ask password alice@example.org pencil
        H: right
        E: token alice@example.org phone-1 HT-SHA-256-NONE 0
        S: <success xmlns='urn:xmpp:sasl:2'><authorization-identifier>alice@example.org</authorization-identifier><token …/></success>
        S: <stream:features><bind …</stream:features>
        H: reconnect
        C: {{open}}
        S: …</stream:features>
        {first}
        E: ask tokens alice@example.org phone-1
        H: tokens
        E: token alice@example.org phone-1 HT-SHA-256-NONE 1
        S: <success…</stream:features>
        H: reconnect
        C: {{open}}
        S: …</stream:features>
        {again}
        E: ask tokens alice@example.org phone-1
        H: tokens
        S: <failure xmlns='urn:xmpp:sasl:2'><not-authorized xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/></failure>
        E: failed alice@example.org not-authorized
        H: wait 864000
        S: …</stream:stream>
        E: close
        H: reconnect
        C: {{open}}
        S: …</stream:features>
        {late}
        E: ask tokens alice@example.org phone-1
        H: tokens
        E: token alice@example.org phone-1 HT-SHA-256-NONE 2
        E: token alice@example.org phone-1 HT-SHA-256-NONE 0
        S: <success xmlns='urn:xmpp:sasl:2'>…<token …/></success><stream:features>…</stream:features>
        H: reconnect
        C: {{open}}
        S: …</stream:features>
        {forget}
        E: ask tokens alice@example.org phone-1
        H: tokens
        E: forget alice@example.org phone-1
        S: <success…</stream:features>
        H: wait 1209600
        S: …</stream:stream>
        E: close
        H: reconnect
        C: {{open}}
        S: …</stream:features>
        {expired}
        E: ask tokens alice@example.org phone-1
        H: tokens
        S: <failure xmlns='urn:xmpp:sasl:2'><credentials-expired xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/></failure>
        E: failed alice@example.org credentials-expired"
    );
    play(&Carrier::Tls(channel()), &[&script]);
}

#[test]
fn who_fails_may_try_again_but_not_for_ever() {
    let wrong = "
        C: <auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{plain}</auth>
        E: ask password alice@example.org pencil
        H: wrong
        S: <failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/></failure>
        E: failed alice@example.org not-authorized
    ";
    let others = "
        C: <auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'/>
        S: <failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><invalid-mechanism/></failure>
        E: failed - invalid-mechanism
        C: <auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-256'>{first y,,}</auth>
        S: <failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/></failure>
        E: failed - not-authorized
        C: <auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'/>
        S: <challenge xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>
        C: <abort xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>
        S: <failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><aborted/></failure>
        E: failed - aborted
        C: <auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{plain}</auth>
        E: ask password alice@example.org pencil
        H: later
        S: <failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><temporary-auth-failure/></failure>
        E: failed alice@example.org temporary-auth-failure
        C: <auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>!</auth>
        S: <failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><incorrect-encoding/></failure>
        S: <stream:error><policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>…</stream:stream>
        E: failed - incorrect-encoding
        E: close
    ";
    let opened = "C: {open}\nS: …</stream:features>";
    play(&Carrier::Tls(channel()), &[opened, wrong, wrong, "H: lost"]);
    play(&Carrier::Tls(channel()), &[opened, others]);
}

#[test]
fn what_is_begun_and_not_ended_counts_as_failed() {
    let opened = "C: {open}\nS: …</stream:features>";
    let challenged = "
        C: <auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-256'>{first n,,}</auth>
        E: ask verifier alice@example.org Sha256
        H: nobody
        S: <challenge xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>…</challenge>
    ";
    let again = "
        C: <auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-256'>{first n,,}</auth>
        S: <failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><malformed-request/></failure>
        E: failed alice@example.org malformed-request
    ";
    let last = "
        C: <abort xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>
        S: <failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><aborted/></failure>
        S: <stream:error><policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>…</stream:stream>
        E: failed alice@example.org aborted
        E: close
    ";
    let anew = [challenged, again].concat();
    play(&Carrier::Tls(channel()), &[opened, &anew, &anew, &anew, &anew, challenged, last]);
    play(&Carrier::Tls(channel()), &[opened, challenged, "H: lost\nE: failed alice@example.org aborted"]);
}

#[test]
fn an_unknown_user_is_told_the_same() {
    let script = "
        C: {open}
        S: …</stream:features>
        C: <auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-256'>{first n,,}</auth>
        E: ask verifier alice@example.org Sha256
        H: nobody
        S: <challenge xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>…</challenge>
        C: <response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>{proof}</response>
        S: <failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/></failure>
        E: failed alice@example.org not-authorized
    ";
    play(&Carrier::Tls(channel()), &[script]);
}

#[test]
fn a_websocket_speaks_in_messages() {
    let script = "
        C: <open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='example.org' version='1.0'/>
        S: <open xmlns='urn:ietf:params:xml:ns:xmpp-framing' id='…' from='example.org' version='1.0' xml:lang='en'/>
        S: <stream:features xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'><mechanisms …</stream:features>
        C: <auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{plain}</auth>
        E: ask password alice@example.org pencil
        C: <open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='example.org' version='1.0'/>
        H: right
        S: <success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>
        S: <open …/>
        S: <stream:features xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'><bind …</stream:features>
        C: <iq xmlns='jabber:client' type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>web</resource></bind></iq>
        E: ask bind alice@example.org/web
        H: conflict
        S: <iq xmlns='jabber:client' type='error' id='b'><error type='cancel'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>
        C: <iq xmlns='jabber:client' type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>web</resource></bind></iq>
        E: ask bind alice@example.org/web
        H: bound
        S: <iq xmlns='jabber:client' type='result' id='b'>…</iq>
        E: signed in alice@example.org/web
        H: send <presence from='bob@example.org'/>
        S: <presence xmlns='jabber:client' from='bob@example.org'/>
        C: <close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>
        S: <close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>
        E: ended
        E: close
    ";
    play(&Carrier::WebSocket(Channel::default()), &[script]);
}
