# A repository: one reference to the released image.

provider "aws" {
  region = "ap-northeast-1"
}

variables {
  name                = "test-development/backend"
  kms_key_arn         = "arn:aws:kms:ap-northeast-1:123456789012:key/11111111-2222-3333-4444-666666666666"
  deletion_protection = false
}

run "repository" {
  command = apply

  module {
    source = "./modules/repository"
  }

  assert {
    condition     = endswith(output.image, "/test-development/backend:unreleased") && output.release.image_tag_parameter.name == "/test-development/backend/image-tag"
    error_message = "The image is what the parameter names."
  }
}

run "refuses_a_name_that_aws_cannot_have" {
  command = plan

  module {
    source = "./modules/repository"
  }

  variables {
    name = "test-development/Backend"
  }

  expect_failures = [var.name]
}
