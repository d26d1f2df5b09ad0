"""The telephone: a human is rung by SIP, told what it is about, and keys a code.

`channel.Phone` is the channel. The node never speaks SIP itself. A driver does, in a process of
its own: `native` with the library baresip-python, `debian` with the program baresip. Both are
behind one port, `line`. Nothing is imported here, for the child that `native` runs must be
up at once.
"""
