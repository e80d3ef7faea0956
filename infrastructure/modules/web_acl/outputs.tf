output "name" {
  description = "Name of the web ACL"
  value       = aws_wafv2_web_acl.this.name
}

output "metric_name" {
  description = "Name of the web ACL in its metrics"
  value       = local.name
}

output "log_group_name" {
  description = "Name of the log group of blocked requests"
  value       = aws_cloudwatch_log_group.this.name
}
