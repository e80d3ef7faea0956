output "pipeline_name" {
  description = "Name of the pipeline that releases the programs"
  value       = aws_codepipeline.this.name
}

output "build_log_group_name" {
  description = "Log group of the builds"
  value       = aws_cloudwatch_log_group.this.name
}
