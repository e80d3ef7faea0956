output "policies" {
  description = "Policies of who may query the logs, by name"
  value       = { query-logs = data.aws_iam_policy_document.query.json }
}
