"""AWS's small languages as pure functions: text or values in, values out.

event_pattern     EventBridge's patterns;     filter_policy    SNS's, of attributes and bodies
filter_pattern    CloudWatch Logs' patterns;  delivery_policy  SNS's retries over HTTP
insights          Logs Insights' queries
schedule          rate, cron and at;          wildcards        `*` and `?`
waf_regex         the expressions of AWS WAF
dockerfile        a Dockerfile's instructions, as far as a task needs them
"""
