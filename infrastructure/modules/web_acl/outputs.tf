output "arn" {
  description = "ARN of the web ACL"
  value       = aws_wafv2_web_acl.this.arn
}

output "origin_header" {
  description = "The secret header that CloudFront has to add: its name and its current value"
  sensitive   = true
  value = {
    name  = var.origin_header.name
    value = random_password.origin_header[tostring(var.origin_header.current_version)].result
  }

  # The web ACL must accept a new value before CloudFront sends it.
  depends_on = [aws_wafv2_web_acl.this]
}

output "metric_name" {
  description = "Name of the web ACL in its metrics"
  value       = local.name
}

output "log_group_name" {
  description = "Name of the log group of blocked requests"
  value       = aws_cloudwatch_log_group.this.name
}
