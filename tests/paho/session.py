"""Plays a console of another make: publishes each payload and prints the answer to it before the next one.

Answers are printed as they came, one a line. Ends with 3 when not connected, and with 7 when an answer is missing.
"""

import argparse
import queue
import sys

import paho.mqtt.client as mqtt

parser = argparse.ArgumentParser()
parser.add_argument("port", type=int)
parser.add_argument("vehicle")
parser.add_argument("payloads", nargs="+")
parser.add_argument("--timeout", type=float, default=15)
parser.add_argument("--ca-file")
parser.add_argument("--cert-file")
parser.add_argument("--key-file")
arguments = parser.parse_args()

subscribed, answers = queue.Queue(), queue.Queue()
client = mqtt.Client(protocol=mqtt.MQTTv311)
client.on_subscribe = lambda *_: subscribed.put(True)
client.on_message = lambda _client, _data, message: answers.put(message.payload.decode())
if arguments.ca_file:
    client.tls_set(arguments.ca_file, arguments.cert_file, arguments.key_file)
try:
    client.connect("127.0.0.1", arguments.port)
    client.loop_start()
    client.subscribe(f"vehicles/{arguments.vehicle}/executedcommands", 1)
    subscribed.get(timeout=arguments.timeout)
except (OSError, queue.Empty) as error:
    print(repr(error), file=sys.stderr)
    sys.exit(3)
for payload in arguments.payloads:
    client.publish(f"vehicles/{arguments.vehicle}/commands", payload, 1)
    try:
        print(answers.get(timeout=arguments.timeout))
    except queue.Empty:
        print("no answer to", payload, file=sys.stderr)
        sys.exit(7)
client.disconnect()
client.loop_stop()
