output "name" {
  description = "Name of the repository"
  value       = aws_ecr_repository.this.name
}

output "url" {
  description = "URL for pushing and pulling images"
  value       = aws_ecr_repository.this.repository_url
}

output "arn" {
  description = "ARN of the repository"
  value       = aws_ecr_repository.this.arn
}

output "image" {
  description = "The released image, with its tag"
  value       = "${aws_ecr_repository.this.repository_url}:${aws_ssm_parameter.image_tag.insecure_value}"
}

output "image_tag_parameter" {
  description = "The parameter with the released image's tag: name and ARN"
  value = {
    name = aws_ssm_parameter.image_tag.name
    arn  = aws_ssm_parameter.image_tag.arn
  }
}
