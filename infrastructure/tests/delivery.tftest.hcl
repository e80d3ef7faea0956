# Releases: the stages, their order, and the rights of each.

provider "aws" {
  region = "ap-northeast-1"
}

variables {
  name                       = "test-development"
  account                    = { id = "123456789012", region = "ap-northeast-1", partition = "aws" }
  kms_key_arn                = "arn:aws:kms:ap-northeast-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  vpc_id                     = "vpc-0123456789abcdef0"
  subnet_ids                 = ["subnet-0123456789abcdef0"]
  endpoint_security_group_id = "sg-0123456789abcdef0"
  access_log_bucket          = "test-development-access-logs-123456789012"
  source_repository          = { codecommit_repository_name = "test" }
  cpu_architecture           = "ARM64"
  trivy                      = { version = "0.76.0", sha256 = "" }
  cluster_name               = "test-development"
  cluster_arn                = "arn:aws:ecs:ap-northeast-1:123456789012:cluster/test-development"
  site_url                   = "https://test.example.com"
  log_retention_days         = 7

  repositories = {
    backend = {
      url                 = "123456789012.dkr.ecr.ap-northeast-1.amazonaws.com/test-development/backend"
      arn                 = "arn:aws:ecr:ap-northeast-1:123456789012:repository/test-development/backend"
      image_tag_parameter = { name = "/test-development/backend/image-tag", arn = "arn:aws:ssm:ap-northeast-1:123456789012:parameter/test-development/backend/image-tag" }
    }
  }

  services = {
    backend = {
      service = {
        name         = "test-development-backend"
        arn          = "arn:aws:ecs:ap-northeast-1:123456789012:service/test-development/test-development-backend"
        min_capacity = 2
      }
      task = {
        family         = "test-development-backend"
        container_name = "backend"
        role_arns      = ["arn:aws:iam::123456789012:role/test-development-backend-task"]
      }
      pages = ["/api/v1/status"]
    }
  }

  migrate = {
    task = {
      family         = "test-development-backend-migrate"
      container_name = "backend"
      role_arns      = ["arn:aws:iam::123456789012:role/test-development-backend-migrate-task"]
      log_group_name = "/ecs/test-development/backend/migrate"
    }
    subnet_ids        = ["subnet-0123456789abcdef1"]
    security_group_id = "sg-0123456789abcdef1"
  }

  runs_after = ["arn:aws:ecs:ap-northeast-1:123456789012:service/test-development/test-development-backend"]
}

run "pipeline" {
  command = apply

  module {
    source = "./modules/delivery"
  }

  assert {
    condition     = aws_codepipeline.this.name == "test-development-pipeline-program" && [for stage in aws_codepipeline.this.stage : stage.name] == ["Source", "Build", "Migrate", "Deploy"] && [for action in aws_codepipeline.this.stage[3].action : action.name if action.run_order == 2] == ["Verify"]
    error_message = "Migrations run before the deploy, and what runs is verified after it."
  }

  assert {
    condition     = aws_codepipeline.this.pipeline_type == "V2" && aws_codepipeline.this.execution_mode == "QUEUED"
    error_message = "One release waits for the other."
  }

  assert {
    condition     = [for name, stage in local.stages : name if stage.privileged] == ["build"]
    error_message = "Only the build of images needs privileges."
  }

  assert {
    condition     = { for name, stage in module.stage : name => stage.name } == { for name in ["build", "deploy", "migrate", "verify"] : name => "test-development-pipeline-program-${name}" }
    error_message = "Each stage is a build of its own."
  }

  assert {
    condition = alltrue([
      for policy in local.policies : alltrue([
        for statement in jsondecode(policy).Statement : !contains(flatten([statement.Action]), "iam:PassRole") || statement.Resource != "*"
      ])
    ])
    error_message = "No stage may pass any role it likes."
  }

  assert {
    condition = {
      for name in ["deploy", "migrate"] : name => [
        for statement in jsondecode(local.policies[name]).Statement : statement.Resource if contains(flatten([statement.Action]), "ecs:RegisterTaskDefinition")
      ]
    } == { deploy = ["*"], migrate = ["*"] }
    error_message = "IAM knows no resource for the registering of a revision: with one named, it is refused."
  }

  assert {
    condition     = local.release.services.backend.service == "test-development-backend" && local.release.site == "https://test.example.com" && tolist(local.release.services.backend.pages) == tolist(["/api/v1/status"])
    error_message = "The stages know what there is to deploy, and which pages have to answer then."
  }

  assert {
    condition = (
      aws_cloudwatch_event_target.rescan.arn == local.rescan_arn
      && [for action in aws_codepipeline.rescan.stage[1].action : jsondecode(action.configuration.EnvironmentVariables)[2]] == [{ name = "IMAGE_TAG", type = "PARAMETER_STORE", value = "/test-development/backend/image-tag" }]
    )
    error_message = "Each week the released image is scanned again, whichever it is then."
  }
}

run "behind_a_connection" {
  command = apply

  module {
    source = "./modules/delivery"
  }

  variables {
    source_repository = {
      connection_arn = "arn:aws:codeconnections:ap-northeast-1:123456789012:connection/11111111-2222-3333-4444-555555555555"
      repository_id  = "owner/name"
    }
  }

  assert {
    condition     = aws_codepipeline.this.stage[0].action[0].provider == "CodeStarSourceConnection" && aws_codepipeline.this.stage[0].action[0].configuration.FullRepositoryId == "owner/name"
    error_message = "The source may as well be behind a connection."
  }
}

# Each refusal costs a plan, so values that do not depend on each other share one.
run "refuses_two_sources_and_wrong_values" {
  command = plan

  module {
    source = "./modules/delivery"
  }

  variables {
    cpu_architecture  = "RISCV"                             # unknown
    trivy             = { version = "0.69.4", sha256 = "" } # the compromised one
    repositories      = {}                                  # none for the service
    source_repository = { codecommit_repository_name = "test", connection_arn = "arn:aws:codeconnections:ap-northeast-1:123456789012:connection/11111111-2222-3333-4444-555555555555", repository_id = "owner/name" }
  }

  expect_failures = [
    var.cpu_architecture,
    var.trivy,
    var.services,
    var.source_repository,
  ]
}

run "refuses_no_source_and_what_is_no_digest" {
  command = plan

  module {
    source = "./modules/delivery"
  }

  variables {
    source_repository = {}
    trivy             = { version = "0.76.0", sha256 = "abc" }
    site_url          = "test.example.com/"
  }

  expect_failures = [var.source_repository, var.trivy, var.site_url]
}

run "refuses_a_connection_without_repository" {
  command = plan

  module {
    source = "./modules/delivery"
  }

  variables {
    source_repository = { connection_arn = "arn:aws:codeconnections:ap-northeast-1:123456789012:connection/11111111-2222-3333-4444-555555555555" }
  }

  expect_failures = [var.source_repository]
}

run "refuses_what_is_no_connection_and_a_service_without_pages" {
  command = plan

  module {
    source = "./modules/delivery"
  }

  variables {
    source_repository = { connection_arn = "test", repository_id = "owner/name" }
    services          = { backend = merge(var.services["backend"], { pages = [] }) }
  }

  expect_failures = [var.source_repository, var.services]
}

run "refuses_a_repository_without_owner" {
  command = plan

  module {
    source = "./modules/delivery"
  }

  variables {
    source_repository = { connection_arn = "arn:aws:codeconnections:ap-northeast-1:123456789012:connection/11111111-2222-3333-4444-555555555555", repository_id = "name" }
  }

  expect_failures = [var.source_repository]
}
