"""What our own receivers say: ADS-B, AIS and TAK positions in, and nothing out (decision 0048).

Apart from the other gateways in that it runs on, in a process of its own (`process`), which the
node starts and asks (`child`).
"""
