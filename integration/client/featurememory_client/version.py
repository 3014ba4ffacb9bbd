"""The version of the client; it speaks to every server of the same first number."""

VERSION = "0.1.0"
