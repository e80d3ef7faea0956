# A repository of images, and the one reference to the released image.

resource "aws_ecr_repository" "this" {
  name                 = var.name
  image_tag_mutability = "IMMUTABLE"
  force_delete         = !var.deletion_protection

  image_scanning_configuration {
    scan_on_push = true
  }

  encryption_configuration {
    encryption_type = "KMS"
    kms_key         = var.kms_key_arn
  }
}

resource "aws_ecr_lifecycle_policy" "this" {
  repository = aws_ecr_repository.this.name

  policy = jsonencode({
    rules = [
      {
        rulePriority = 1
        description  = "Layers without a tag are left over from a failed push"
        selection    = { tagStatus = "untagged", countType = "sinceImagePushed", countUnit = "days", countNumber = 1 }
        action       = { type = "expire" }
      },
      {
        rulePriority = 2
        description  = "Enough releases to go back to"
        selection    = { tagStatus = "tagged", tagPatternList = ["*"], countType = "imageCountMoreThan", countNumber = 50 }
        action       = { type = "expire" }
      },
    ]
  })
}

# The program pipeline writes it after a verified release; Terraform reads it. So a release is not drift,
# and an apply no rollback.
resource "aws_ssm_parameter" "image_tag" {
  #checkov:skip=CKV2_AWS_34:an image's tag is not secret
  name           = "/${var.name}/image-tag"
  description    = "Tag of the released image in ${var.name}; written by the program pipeline"
  type           = "String"
  insecure_value = "unreleased" # until the first release

  lifecycle {
    ignore_changes = [insecure_value]
  }
}
