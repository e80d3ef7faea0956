# The state without the pipeline.

provider "aws" {
  region = "ap-northeast-1"
}

variables {
  region                 = "ap-northeast-1"
  service_name           = "a-service-name"
  environment_identifier = "development"
}

run "refuses_names_that_the_root_module_would_refuse" {
  command = plan

  module {
    source = "./terraform_backend"
  }

  expect_failures = [var.service_name]
}
