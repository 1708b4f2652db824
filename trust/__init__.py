"""How far "green" can be trusted: planted faults, other machines, bad days, a full
class, the supply chain. Each module is a command that writes one page of this folder (a
table in Markdown) from what it measured. Not part of the installed course.
"""
