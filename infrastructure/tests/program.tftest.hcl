# A program: one reference to its image, and one key for its images, secrets and logs.

provider "aws" {
  region = "ap-northeast-1"
}

variables {
  name                = "test-development"
  account             = { id = "123456789012", region = "ap-northeast-1", partition = "aws" }
  program_name        = "backend"
  deletion_protection = false
}

run "program" {
  command = apply

  module {
    source = "./modules/program"
  }

  assert {
    condition     = endswith(output.image, "/test-development/backend:unreleased") && output.repository.image_tag_parameter.name == "/test-development/backend/image-tag"
    error_message = "The image is what the parameter names."
  }

  assert {
    condition     = output.log_group_name == "/ecs/test-development/backend"
    error_message = "Its log group is called after it: the key's policy names that one."
  }
}

run "refuses_a_name_that_aws_cannot_have" {
  command = plan

  module {
    source = "./modules/program"
  }

  variables {
    program_name = "Backend"
  }

  expect_failures = [var.program_name]
}
