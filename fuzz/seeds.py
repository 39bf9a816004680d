#!/usr/bin/env python3
"""Where the corpus began: what the clients say in the plays of the xmpp crate's tests, as inputs of the text targets.

Usage: fuzz/seeds.py FOLDER; then `KEEP=1 tools/fuzz.sh` with the files of FOLDER/TARGET in target/fuzz/corpus/TARGET.
"""
import base64
import hashlib
import pathlib
import random
import re
import sys

SOURCE = pathlib.Path(__file__).parent.parent / "services/xmpp/src"
OPEN = (
    "<stream:stream to='example.org' version='1.0' xmlns='jabber:client' "
    "xmlns:stream='http://etherx.jabber.org/streams'>"
)
PLAIN = base64.b64encode(b"\0alice\0pencil").decode()
SIGN_IN = (
    f"{OPEN}<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{PLAIN}</auth>{OPEN}"
    "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>"
)
VERBS = {"lost": "l", "flushed": "f", "wait": "t", "done": "d", "drain": "e", "send": "s", "reconnect": "r"}
VERBS |= {"wrong": "n", "conflict": "n", "later": "n", "gone": "n"}


def expand(text):
    text = text.replace("{open}", OPEN).replace("{plain}", PLAIN).replace('\\"', '"').replace("{{", "{")
    if short := re.match(r"(get|set) (\S+) (<.*)", text):
        to = "" if short[2] == "-" else f" to='{short[2]}'"
        text = f"<iq type='{short[1]}' id='1'{to}>{short[3]}</iq>"
    first = lambda found: base64.b64encode(f"{found[1]}n=alice,r=abc".encode()).decode()
    return re.sub(r"\{first ([^}]*)\}", first, text)


def plays(folder):
    """Each test's lines: who speaks, and what."""
    for file in sorted((SOURCE / folder).rglob("*.rs")):
        for test in re.split(r"#\[test\]", file.read_text())[1:]:
            lines = re.findall(r'(?:^|")\s*([CH]): ([^\n]*?)(?:",?\)?;?)?$', test, re.M)
            if lines:
                yield [(who, expand(what)) for who, what in lines]


def seeds():
    for folder in ("session", "xep"):
        for lines in plays(folder):
            said = [what for who, what in lines if who == "C"]
            for client, other in (("a", "b"), ("b", "a")):
                come = f"{client}<presence/>\n{other}<presence/>\n"
                yield "session", come + "".join(f"{client}{what}\n" for what in said) + "A\nB\nt\ns\n"
            for what in said:
                yield "stanza", what
            yield "wire", "7" + OPEN + "".join(said) + "</stream:stream>"
            yield "stream", "0" + SIGN_IN + "".join(said)
    for lines in plays("stream"):
        script = "".join(what if who == "C" else "\f" + VERBS.get(what.split()[0], "y") for who, what in lines)
        for carrier in "096":
            yield "stream", carrier + script
            yield "stream", carrier + SIGN_IN + script
        yield "stream", "1" + script.replace("><", ">\n<")
    for flag in ("n", "y", "p=tls-exporter"):
        for user in ("n=alice", "n=a=2Cb", "a=alice,n=alice"):
            yield "sasl", f"{flag},{'' if user.startswith('a') else ','}{user},r=abc"
    yield "sasl", "\0alice\0pencil"
    yield "sasl", "alice\0" + "x" * 32
    chance = random.Random(1)
    for size in (20, 60, 200, 500, 1000) * 6:
        for target in ("user", "conversation"):
            yield target, "".join(chr(chance.randrange(32, 127)) for _ in range(size))


def main(folder):
    for target, text in seeds():
        data = text.encode("ascii", "ignore")[:4096]
        path = pathlib.Path(folder) / target / hashlib.sha1(data).hexdigest()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


main(sys.argv[1])
