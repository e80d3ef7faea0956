"""Every directive that the reader knows, by the kind of section and its plugin.

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
PARSER = _names(
    """name format regex time_key time_format time_offset time_keep time_strict time_system_timezone
    types skip_empty_values logfmt_no_bare_keys decode_field decode_field_as"""
)
MULTILINE_PARSER = _names(
    """name type parser key_content key_group key_pattern match_string negate flush_timeout
    flush_ms rule"""
)
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
    "tail": _INPUT
    | _names(
        """path exclude_path path_key offset_key key db db.sync db.locking db.journal_mode parser
        multiline.parser read_from_head read_newly_discovered_files_from_head refresh_interval
        rotate_wait ignore_older skip_empty_lines skip_long_lines truncate_long_lines
        buffer_chunk_size buffer_max_size static_batch_size event_batch_size inotify_watcher
        file_cache_advise tag_regex progress_check_interval watcher_interval exit_on_eof"""
    ),
    "dummy": _INPUT
    | _names(
        """dummy samples rate copies interval_sec interval_nsec start_time_sec start_time_nsec
        fixed_timestamp flush_on_startup"""
    ),
    "tcp": _INPUT | _names("listen port format separator buffer_size chunk_size"),
}
FILTERS = {
    "parser": _FILTER | _names("key_name parser reserve_data preserve_key"),
    "grep": _FILTER | _names("regex exclude logical_op"),
    "modify": _FILTER
    | _names(
        """condition set add remove remove_wildcard remove_regex rename hard_rename copy hard_copy
        move_to_start move_to_end"""
    ),
    "record_modifier": _FILTER | _names("record remove_key allowlist_key whitelist_key uuid_key"),
    "rewrite_tag": _FILTER | _names("rule emitter_name emitter_storage.type emitter_mem_buf_limit"),
    "multiline": _FILTER
    | _names(
        """multiline.parser multiline.key_content mode buffer flush_ms emitter_name
        emitter_storage.type emitter_mem_buf_limit debug_flush"""
    ),
    "nest": _FILTER | _names("operation wildcard nest_under nested_under add_prefix remove_prefix"),
    "throttle": _FILTER | _names("rate window interval print_status"),
    "stdout": _FILTER | _names("format") | _DATES,
}
PROCESSORS = {
    "content_modifier": _names("name action context key pattern value converted_type"),
    **FILTERS,
}
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
        """region endpoint log_group_name log_stream_name log_stream_prefix log_group_template
        log_stream_template log_key log_format auto_create_group log_retention_days log_group_class
        auto_retry_requests extra_user_agent tls tls.verify"""
    ),
    "stdout": _OUTPUT | _DATES | _names("format"),
    "null": _OUTPUT | _DATES | _names("format"),
    "file": _OUTPUT
    | _names("path file format delimiter label_delimiter template csv_column_names mkdir"),
    "forward": _OUTPUT
    | _names("host port unix_path tag time_as_integer send_options require_ack_response"),
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
    "multiline_parser": MULTILINE_PARSER,
}
REQUIRED = {
    ("output", "s3"): ("bucket",),
    ("output", "cloudwatch_logs"): ("region",),
    ("filter", "parser"): ("key_name", "parser"),
    ("filter", "nest"): ("operation",),
    ("input", "tail"): ("path",),
    ("processor", "content_modifier"): ("action",),
}
