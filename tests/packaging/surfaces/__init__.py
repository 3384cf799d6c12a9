"""What users and their programs see of this package, as lists of names.

``python -m tests.packaging.surfaces FILE`` writes them all; `public_names.json` was written so at
the commit that it names, and `test_public_names.py` compares. A new name is a new line there.
"""
