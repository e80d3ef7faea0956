output "pipeline_name" {
  description = "Name of the pipeline that releases the programs"
  value       = local.pipeline_name # not the pipeline's own, for which all that names it would wait
}

output "rescan_pipeline_name" {
  description = "Name of the pipeline that scans the released images each week"
  value       = local.rescan_name
}

output "build_log_group_name" {
  description = "Log group of the builds"
  value       = aws_cloudwatch_log_group.this.name
}
