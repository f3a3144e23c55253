"""Published assessment methods, one small module each, side by side with the schedule method.

Every method takes a `MethodCase` and returns a `MethodResult`; `planwatch.methods.catalogue` lists them. They compute
in binary floating point, as their publishers do. Rules, thresholds and worked examples: docs/method.md.
"""
