"""Two people who use slixmpp; each step prints its name when it is done, and anything else that happens is an error.

Usage: two_people.py DOMAIN ADDRESS PORT CA ALICE PASSWORD BOB PASSWORD
"""

import asyncio
import logging
import sys

import slixmpp

WAIT = 20


class Person(slixmpp.ClientXMPP):
    """A client that keeps what it hears."""

    def __init__(self, address, password, ca):
        super().__init__(address, password)
        self.ca_certs = ca
        self.messages = asyncio.Queue()
        self.receipts = asyncio.Queue()
        self.said_in_conference = asyncio.Queue()
        self.ready = asyncio.get_event_loop().create_future()
        for plugin in ("xep_0030", "xep_0045", "xep_0059", "xep_0184", "xep_0199", "xep_0313"):
            self.register_plugin(plugin)
        self.add_event_handler("session_start", lambda _: self.settle("in"))
        self.add_event_handler("ssl_invalid_chain", lambda _: self.settle("untrusted"))
        self.add_event_handler("connection_failed", lambda _: self.settle("failed"))
        self.add_event_handler("failed_all_auth", lambda _: self.settle("refused"))
        self.add_event_handler("receipt_received", self.receipts.put_nowait)
        self.add_event_handler("groupchat_message", self.said_in_conference.put_nowait)
        self.add_event_handler("message", self.heard)

    def settle(self, how):
        if not self.ready.done():
            self.ready.set_result(how)

    def heard(self, message):
        if message["type"] in ("chat", "normal") and message["body"]:
            self.messages.put_nowait(message)

    async def enter(self, host, port):
        self.connect((host, port), use_ssl=False, force_starttls=True, disable_starttls=False)
        return await asyncio.wait_for(self.ready, WAIT)


def step(name):
    print(name, flush=True)


async def talk(domain, alice, bob):
    alice.send_presence()
    bob.send_presence()
    await alice.get_roster()
    await bob.get_roster()
    step("signed in")

    await alice.update_roster(bob.boundjid.bare, name="Bob", groups=["Friends"])
    alice.send_presence_subscription(bob.boundjid.bare)
    for _ in range(WAIT * 10):
        if alice.client_roster[bob.boundjid.bare]["to"] and bob.client_roster[alice.boundjid.bare]["to"]:
            break
        await asyncio.sleep(0.1)
    item = alice.client_roster[bob.boundjid.bare]
    assert item["name"] == "Bob" and item["subscription"] == "both", item
    step("roster")

    message = alice.make_message(bob.boundjid.bare, "hello Bob", mtype="chat")
    message["request_receipt"] = True
    message.send()
    heard = await asyncio.wait_for(bob.messages.get(), WAIT)
    assert heard["body"] == "hello Bob" and heard["from"] == alice.boundjid, heard
    step("message")
    heard.reply("hello Alice").send()
    heard = await asyncio.wait_for(alice.messages.get(), WAIT)
    assert heard["body"] == "hello Alice" and heard["from"] == bob.boundjid, heard
    step("reply")
    receipt = await asyncio.wait_for(alice.receipts.get(), WAIT)
    assert receipt["receipt"] == message["id"], receipt
    step("receipt")

    tea = "slixmpp@conference." + domain
    await alice["xep_0045"].join_muc_wait(tea, "Alice", timeout=WAIT)
    form = await alice["xep_0045"].get_room_config(tea)
    form["type"] = "submit"
    await alice["xep_0045"].set_room_config(tea, form)
    await bob["xep_0045"].join_muc_wait(tea, "Bob", timeout=WAIT)
    bob.send_message(tea, "tea, everybody?", mtype="groupchat")
    for person in (alice, bob):
        heard = await asyncio.wait_for(person.said_in_conference.get(), WAIT)
        assert heard["body"] == "tea, everybody?" and heard["mucnick"] == "Bob", heard
    step("conference")

    found = []
    async for result in alice["xep_0313"].iterate(with_jid=bob.boundjid.bare, rsm={"max": 1}):
        found.append(result["mam_result"]["forwarded"]["stanza"]["body"])
    found = [body for body in found if body]
    assert found == ["hello Bob", "hello Alice"], found
    step("history")

    await asyncio.gather(alice.disconnect(), bob.disconnect())
    step("signed out")


async def main(domain, host, port, ca, *people):
    persons = [Person(name + "@" + domain, password, ca) for name, password in zip(people[::2], people[1::2])]
    outcomes = await asyncio.gather(*(person.enter(host, int(port)) for person in persons))
    if any(outcome == "untrusted" for outcome in outcomes):
        step("not trusted")
        return 1
    assert outcomes == ["in", "in"], outcomes
    await talk(domain, *persons)
    return 0


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    sys.exit(asyncio.get_event_loop().run_until_complete(main(*sys.argv[1:])))
