"""Gateways: one file a system that Clearline speaks to; each turns its files into shapes."""
