# SPDX-License-Identifier: GPL-2.0
"""Segments that connections do not expect, from one end of each: of sequence
numbers that are far away, with several flags.

usage: invalid.py FAMILY COUNT [FROM:PORT TO:PORT]...	in the netns of FROM
"""
import socket
import sys

from packet import ACK, FAMILIES, FIN, PSH, RST, SYN, TCP, Talk

FLAGS = (PSH | ACK, ACK, FIN | ACK, RST | ACK, SYN | ACK)


def end(family, word):
    """The address as bytes, the port."""
    address, _, port = word.rpartition(":")
    return socket.inet_pton(family.af, address.strip("[]")), int(port)


def boom(raw, family, source, target, count):
    ends = end(family, source) + end(family, target)
    for i in range(count):
        numbers = (0x10000000 * (i % 16) + 77 * i, 0x23456789 + i)
        packet = Talk(family, TCP, *ends, numbers=numbers).packet(
            flags=FLAGS[i % len(FLAGS)])
        raw.sendto(bytes(packet), (socket.inet_ntop(family.af, ends[2]), 0))


def main(number, count, *words):
    family = FAMILIES[number]
    raw = socket.socket(family.af, socket.SOCK_RAW, socket.IPPROTO_RAW)
    for source, target in zip(words[::2], words[1::2]):
        boom(raw, family, source, target, int(count))


main(*sys.argv[1:])
