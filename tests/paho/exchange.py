"""Publishes a payload once subscribed, prints the first message on the answers' topic, and ends with 0.

Ends with 3 when not connected, and with 7 when no answer came.
"""

import argparse
import sys
import time

import paho.mqtt.client as mqtt

parser = argparse.ArgumentParser()
parser.add_argument("port", type=int)
parser.add_argument("topic")
parser.add_argument("answers")
parser.add_argument("payload")
parser.add_argument("--qos", type=int, default=1)
parser.add_argument("--timeout", type=float, default=10)
parser.add_argument("--ca-file")
parser.add_argument("--cert-file")
parser.add_argument("--key-file")
arguments = parser.parse_args()

answers = []


def on_connect(client, _userdata, _flags, code):
    if code == 0:
        client.subscribe(arguments.answers, arguments.qos)


def on_subscribe(client, _userdata, _id, _granted):
    client.publish(arguments.topic, arguments.payload, arguments.qos)


def on_message(_client, _userdata, message):
    answers.append(message.payload.decode())


client = mqtt.Client(protocol=mqtt.MQTTv311)
client.on_connect, client.on_subscribe, client.on_message = on_connect, on_subscribe, on_message
if arguments.ca_file:
    client.tls_set(arguments.ca_file, arguments.cert_file, arguments.key_file)
deadline = time.monotonic() + arguments.timeout
try:
    client.connect("127.0.0.1", arguments.port)
    # The thread that paho offers would die of a refused certificate without telling this one.
    while not answers and time.monotonic() < deadline:
        if client.loop(0.1) != mqtt.MQTT_ERR_SUCCESS:
            sys.exit(3)
except OSError as error:
    print(error, file=sys.stderr)
    sys.exit(3)
client.disconnect()
if not answers:
    sys.exit(7)
print(answers[0])
