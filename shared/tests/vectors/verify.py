#!/usr/bin/env python3
"""Checks vp1.json with nothing but Python: what is signed, the tags, the JSON and the compact form of each message.

A client in another language may start from here: cbor(), signed_command() and compact_command() are all it takes.
"""
import hashlib
import hmac
import json
import os
import sys
from decimal import Decimal


def cbor(value):
    """Deterministic CBOR of None, integers, bytes, text and lists."""
    if value is None:
        return b"\xf6"
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    return head(4, len(value)) + b"".join(map(cbor, value))


def head(major, number):
    if number < 24:
        return bytes([major << 5 | number])
    size = next(size for size in (1, 2, 4, 8) if number < 1 << 8 * size)
    return bytes([major << 5 | 23 + size.bit_length()]) + number.to_bytes(size, "big")


def tag(secret, values):
    return hmac.new(secret, cbor(values), hashlib.sha256).digest()[:8]


def from_hex(text):
    return None if text is None else bytes.fromhex(text)


def arguments(command):
    """The arguments of a command in JSON: quantities in thousandths, times in milliseconds."""
    values = [int(Decimal(str(command[key])) * 1000) for key in ("MPH", "DEGREES", "DEGREES_PER_S") if key in command]
    values += [command[key] for key in ("HOLD_MS", "DURATION_MS", "TARGET_KEY") if key in command]
    return values


def stream(name):
    return "drive" if name in ("DRIVE", "HEARTBEAT") else "commands"


def signed_command(vehicle, command):
    name = command["CMD"]
    return ["vp1", "command", vehicle, from_hex(command.get("EPOCH")), command["KEY"], from_hex(command.get("SID")),
            stream(name), command.get("CTR"), command.get("EXP"), command.get("ID"), name, arguments(command)]


def compact_command(numbers, command):
    values = [3 if "SID" in command else 4, numbers["CMD"].index(command["CMD"]), arguments(command), command.get("ID")]
    if "SID" in command:
        values += [from_hex(command["SID"]), command["CTR"], command["EXP"]]
    else:
        values += [command["KEY"]]
    return cbor(values + [from_hex(command["MAC"])])


def signed_answer(vehicle, answer):
    name = answer["CMD"]
    return ["vp1", "answer", vehicle, from_hex(answer["EPOCH"]), answer["KEY"], from_hex(answer.get("SID")),
            stream(name), answer.get("CTR"), answer.get("ID"), name, answer["STATE"], answer.get("REASON"),
            answer.get("DETAIL"), answer.get("PROGRESS"), answer["CLOCK"]]


def compact_answer(numbers, answer):
    word = {key: numbers[key].index(answer[key]) if key in answer else None for key in ("CMD", "STATE", "REASON")}
    values = [3 if "SID" in answer else 4, word["CMD"], answer.get("ID"), word["STATE"], word["REASON"],
              answer.get("DETAIL"), answer.get("PROGRESS"), answer["CLOCK"]]
    values += [from_hex(answer["SID"]), answer["CTR"]] if "SID" in answer else [answer["KEY"], from_hex(answer["EPOCH"])]
    return cbor(values + [from_hex(answer["MAC"])])


def signed_session(vehicle, message):
    nonce = from_hex(message["NONCE"])
    if "SID" not in message:
        return ["vp1", "session-request", vehicle, message["KEY"], nonce]
    return ["vp1", "session-answer", vehicle, from_hex(message["EPOCH"]), message["KEY"], from_hex(message["SID"]), nonce,
            message["CLOCK"]]


def listed(value):
    """A list as the file has it, where bytes are {"bytes": hexadecimal}."""
    if isinstance(value, dict):
        return from_hex(value["bytes"])
    return [listed(item) for item in value] if isinstance(value, list) else value


def main():
    path = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), "vp1.json")
    with open(path, encoding="utf-8") as file:
        vectors = json.load(file)
    key, numbers, checked = vectors["key_file"], vectors["numbers"], 0
    secret, vehicle = from_hex(key["secret"]), key["vehicle"]
    kinds = [("session", signed_session, None), ("commands", signed_command, compact_command),
             ("answers", signed_answer, compact_answer)]
    for kind, signed, compact in kinds:
        for vector in vectors[kind]:
            message = json.loads(vector["json"])
            values = signed(vehicle, message)
            facts = [("values", values, listed(vector["values"])), ("signed", cbor(values).hex(), vector["signed"]),
                     ("mac", tag(secret, values).hex(), vector["mac"]), ("MAC", message["MAC"], vector["mac"]),
                     ("KEY", message["KEY"], key["key"])]
            if compact:
                facts.append(("compact", compact(numbers, message).hex(), vector["compact"]))
            for what, own, theirs in facts:
                if own != theirs:
                    sys.exit(f"{kind}, {vector['name']}: {what} is {theirs}, and should be {own}")
            checked += 1
    print(f"{checked} vectors are right")


if __name__ == "__main__":
    main()
