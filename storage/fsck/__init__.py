"""Does everything that we keep agree with everything else that we keep? Rows, store, keys, holds, dates, ledger.

`check` runs the looks; each look knows one pair of places and reads only. What can be mended carries how. Calls and
the carrier have looks of their own (`telephony/fsck.py`), handed over where things are put together.
"""
