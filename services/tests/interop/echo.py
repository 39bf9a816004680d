"""A component by slixmpp: echoes what it hears, answers who asks what it is, and ends when it is told to.

Arguments: its address, its secret, the server's address and port.
"""

import asyncio
import logging
import sys

from slixmpp.componentxmpp import ComponentXMPP

logging.basicConfig(level=logging.WARNING, stream=sys.stderr)


class Echo(ComponentXMPP):
    def __init__(self, address, secret, host, port):
        super().__init__(address, secret, host, port)
        self.register_plugin("xep_0030")
        self.register_plugin("xep_0199")
        self["xep_0030"].add_identity(category="gateway", itype="echo", name="Echo")
        self.over = self.loop.create_future()
        self.add_event_handler("session_start", self.started)
        self.add_event_handler("message", self.echo)
        self.add_event_handler("presence_subscribe", self.asked)
        self.add_event_handler("failed_auth", lambda _: self.end("not let in"))

    def started(self, _):
        print("connected", flush=True)

    def end(self, why):
        if not self.over.done():
            self.over.set_result(why)

    def asked(self, presence):
        self.send_presence(pto=presence["from"].bare, pfrom=presence["to"].bare, ptype="subscribed")
        self.send_presence(pto=presence["from"].bare, pfrom=presence["to"].bare)

    def echo(self, message):
        if message["type"] not in ("chat", "normal"):
            return
        if message["body"] == "good-bye":
            self.end("done")
            return
        message.reply(message["body"]).send()


async def main():
    address, secret, host, port = sys.argv[1:5]
    echo = Echo(address, secret, host, int(port))
    echo.connect()
    why = await asyncio.wait_for(echo.over, 60)
    print(why, flush=True)
    await echo.disconnect()


asyncio.get_event_loop().run_until_complete(main())
