"""A stand-in for the payment gateway's REST API with NHN KCP behind it.

An independent program: it shares the repository with the back office but no code. Start it with
`python -m sandbox`, or inside tests with `sandbox.server.running(SandboxConfig(...))`.
"""
