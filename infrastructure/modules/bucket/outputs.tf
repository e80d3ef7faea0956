output "name" {
  description = "Name of the bucket"
  value       = aws_s3_bucket.this.bucket

  # A writer may check its rights at once, as a load balancer does.
  depends_on = [aws_s3_bucket_policy.this]
}

output "arn" {
  description = "ARN of the bucket"
  value       = aws_s3_bucket.this.arn
}
