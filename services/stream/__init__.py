"""The consuming loop: records from Kafka, effects in PostgreSQL, each exactly once.

Kafka's committed offset is a hint. The truth is the watermark in the database, moved in
the transaction of the effects (`consumption`). The loop that fetches records
(`faust_loop`) only hands batches over and acknowledges what is committed; a plain
consumer could take its place without a change elsewhere.
"""
