"""The protocols of AWS's APIs, driven by the services' own models.

`model` holds the models (`data/`, written by `scripts/extract_service_models.py`) and finds the
operation of a request. `reading` turns a request into parameters and `constraints` checks them;
`writing` turns an answer or an error into a response. Between them: `documents` for JSON and CBOR,
`forms` for the query protocol, `xml` for its answers, `bindings` for REST's values in paths,
queries and headers, `timestamps` for all. `event_stream` writes an answer of events.

Read from "AWS protocols" in the Smithy documentation (JSON 1.0 and 1.1, query, REST JSON, Smithy
RPC v2 CBOR). EC2's and S3's own (`ec2`, `rest-xml`) are missing: no service here needs them.
"""
