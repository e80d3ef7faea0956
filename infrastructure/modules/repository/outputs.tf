output "arn" {
  description = "ARN of the repository"
  value       = aws_ecr_repository.this.arn
}

output "image" {
  description = "The released image, with its tag"
  value       = "${aws_ecr_repository.this.repository_url}:${aws_ssm_parameter.image_tag.insecure_value}"
}

output "release" {
  description = "For the pipeline: URL and ARN of the repository, and the parameter with the released image's tag"
  value = {
    url = aws_ecr_repository.this.repository_url
    arn = aws_ecr_repository.this.arn
    image_tag_parameter = {
      name = aws_ssm_parameter.image_tag.name
      arn  = aws_ssm_parameter.image_tag.arn
    }
  }
}
