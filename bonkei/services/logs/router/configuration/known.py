"""Every directive that the reader knows, by the kind of section and its plugin: those of the
shipped configuration and of the one that ECS writes. All others run in the real Fluent Bit.

Names as in the tables of docs.fluentbit.io/manual (5.0). A known directive either has its effect
here, or has none that a miniature could show (the number of workers, keep-alive). No directive is
ignored that would change the fate of a record.
"""

from __future__ import annotations


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


SERVICE = _names(
    """flush grace daemon log_file log_level parsers_file coro_stack_size
    http_server http_listen http_port health_check hc_errors_count hc_retry_failure_count hc_period
    storage.path storage.sync storage.checksum storage.metrics storage.max_chunks_up
    storage.backlog.mem_limit storage.backlog.flush_on_shutdown storage.delete_irrecoverable_chunks
    storage.type storage.inherit storage.trim_files scheduler.base scheduler.cap
    hot_reload dns.mode dns.resolver dns.prefer_ipv4 dns.prefer_ipv6 json.convert_nan_to_null
    json.escape_unicode multiline_buffer_limit"""
)
PARSER = _names("name format time_key time_format time_offset time_keep")
_INPUT = _names(
    """name tag alias log_level log_suppress_interval mem_buf_limit storage.type
    storage.pause_on_chunks_overlimit threaded"""
)
_FILTER = _names("name match match_regex alias log_level log_suppress_interval")
_OUTPUT = _FILTER | _names(
    """retry_limit workers storage.total_limit_size net.connect_timeout
    net.connect_timeout_log_error net.io_timeout net.keepalive net.keepalive_idle_timeout
    net.keepalive_max_recycle
    net.max_worker_connections net.dns.mode net.dns.prefer_ipv4 net.dns.prefer_ipv6
    net.dns.resolver"""
)
_DATES = _names("json_date_key json_date_format")

INPUTS = {
    "forward": _INPUT
    | _names("unix_path unix_perm listen port tag_prefix buffer_chunk_size buffer_max_size"),
    "tcp": _INPUT | _names("listen port"),
}
FILTERS = {
    "parser": _FILTER | _names("key_name parser reserve_data"),
    "grep": _FILTER | _names("regex exclude"),
    "modify": _FILTER | _names("condition add"),
    "record_modifier": _FILTER | _names("record"),
    "multiline": _FILTER
    | _names(
        """multiline.key_content mode flush_ms emitter_name emitter_storage.type
        emitter_mem_buf_limit"""
    ),
}
PROCESSORS = {"grep": FILTERS["grep"]}
OUTPUTS = {
    "s3": _OUTPUT
    | _DATES
    | _names(
        """region bucket endpoint s3_key_format s3_key_format_tag_delimiters static_file_path
        store_dir store_dir_limit_size use_put_object total_file_size upload_timeout
        upload_chunk_size compression content_type canned_acl storage_class log_key
        preserve_data_ordering send_content_md5 auto_retry_requests format
        retry_exhausted_action quarantine_dir_limit_size tls tls.verify"""
    ),
    "cloudwatch_logs": _OUTPUT
    | _names(
        """region endpoint log_group_name log_stream_name log_stream_prefix log_key
        auto_create_group log_retention_days log_group_class
        auto_retry_requests extra_user_agent tls tls.verify"""
    ),
    "null": _OUTPUT,
}
OUTPUTS["cloudwatch"] = OUTPUTS["cloudwatch_logs"]  # FireLens's users name the former plugin so

PLUGINS = {
    "input": INPUTS,
    "filter": FILTERS,
    "output": OUTPUTS,
    "processor": PROCESSORS,
}
WITHOUT_PLUGIN = {
    "service": SERVICE,
    "parser": PARSER,
}
REQUIRED = {
    ("output", "s3"): ("bucket",),
    ("output", "cloudwatch_logs"): ("region",),
    ("filter", "parser"): ("key_name", "parser"),
}
