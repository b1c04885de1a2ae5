"""Plays a vehicle that knows nothing but the plain form: answers each command by its name, until it is killed.

A command named in --deaf is not answered. Prints each payload as it came.
"""

import argparse
import json

import paho.mqtt.client as mqtt

parser = argparse.ArgumentParser()
parser.add_argument("port", type=int)
parser.add_argument("vehicle")
parser.add_argument("--deaf", default="")
arguments = parser.parse_args()


def on_message(client, _data, message):
    print("got", message.payload.decode(), flush=True)
    name = json.loads(message.payload)["CMD"]
    if name != arguments.deaf:
        answer = json.dumps({"SUCCESSFULLY_PROCESSED_COMMAND": name})
        client.publish(f"vehicles/{arguments.vehicle}/executedcommands", answer, 1)


client = mqtt.Client(protocol=mqtt.MQTTv311)
client.on_message = on_message
client.on_subscribe = lambda *_: print("ready", flush=True)
client.connect("127.0.0.1", arguments.port)
client.subscribe(f"vehicles/{arguments.vehicle}/commands", 2)
client.loop_forever()
