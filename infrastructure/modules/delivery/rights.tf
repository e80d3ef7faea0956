# The rights of each stage, in addition to those of every build (module build).

data "aws_iam_policy_document" "build" {
  # The only ECR action that takes no resource.
  statement {
    sid       = "SignInToRegistry"
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"]
  }

  statement {
    sid = "PushImages"
    actions = [
      "ecr:BatchCheckLayerAvailability",
      "ecr:BatchGetImage",
      "ecr:CompleteLayerUpload",
      "ecr:DescribeImages",
      "ecr:GetDownloadUrlForLayer",
      "ecr:InitiateLayerUpload",
      "ecr:PutImage",
      "ecr:UploadLayerPart",
    ]
    resources = [for repository in var.repositories : repository.arn]
  }

  # For the weekly scan of what runs.
  statement {
    sid       = "FindReleasedImages"
    actions   = ["ssm:GetParameters"]
    resources = [for repository in var.repositories : repository.image_tag_parameter.arn]
  }
}

# Both stages that change running tasks first register a revision: the same task with the new image.
locals {
  registered_tasks = {
    migrate = [var.migrate.task]
    deploy  = [for found in var.services : found.task]
  }

  task_definition_arns = {
    for stage, tasks in local.registered_tasks : stage => [
      for task in tasks : "arn:${var.account.partition}:ecs:${var.account.region}:${var.account.id}:task-definition/${task.family}:*"
    ]
  }
}

data "aws_iam_policy_document" "register" {
  for_each = local.registered_tasks

  # These actions take no resource. PassRoles limits the roles of a revision, and the statements of each
  # stage limit which one runs. A failed release leaves no revision behind:
  # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerservice.html
  statement {
    sid       = "RegisterRevision"
    actions   = ["ecs:DeregisterTaskDefinition", "ecs:DescribeTaskDefinition", "ecs:RegisterTaskDefinition"]
    resources = ["*"]
  }

  statement {
    sid       = "KeepTags"
    actions   = ["ecs:TagResource"]
    resources = local.task_definition_arns[each.key]

    condition {
      test     = "StringEquals"
      variable = "ecs:CreateAction"
      values   = ["RegisterTaskDefinition"]
    }
  }

  statement {
    sid       = "PassRoles"
    actions   = ["iam:PassRole"]
    resources = flatten(each.value[*].role_arns)

    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["ecs-tasks.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "migrate" {
  source_policy_documents = [data.aws_iam_policy_document.register["migrate"].json]

  statement {
    sid       = "RunMigration"
    actions   = ["ecs:RunTask"]
    resources = local.task_definition_arns["migrate"]

    condition {
      test     = "ArnEquals"
      variable = "ecs:cluster"
      values   = [var.cluster_arn]
    }
  }

  statement {
    sid       = "WatchMigration"
    actions   = ["ecs:DescribeTasks"]
    resources = ["arn:${var.account.partition}:ecs:${var.account.region}:${var.account.id}:task/${var.cluster_name}/*"]
  }
}

data "aws_iam_policy_document" "deploy" {
  source_policy_documents = [data.aws_iam_policy_document.register["deploy"].json]

  statement {
    sid       = "UpdateServices"
    actions   = ["ecs:DescribeServices", "ecs:UpdateService"]
    resources = [for found in var.services : found.service.arn]
  }

  # One that shifts requests is stopped: the earlier tasks then have them again at once.
  statement {
    sid       = "StopDeployments"
    actions   = ["ecs:StopServiceDeployment"]
    resources = [for found in var.services : "${replace(found.service.arn, ":service/", ":service-deployment/")}/*"]
  }

  # A task that ends by itself soon after ECS has called its deployment complete fails the release.
  statement {
    sid       = "SeeTasks"
    actions   = ["ecs:DescribeTasks", "ecs:ListTasks"]
    resources = ["*"]

    condition {
      test     = "ArnEquals"
      variable = "ecs:cluster"
      values   = [var.cluster_arn]
    }
  }
}

data "aws_iam_policy_document" "verify" {
  statement {
    sid       = "SeeServices"
    actions   = ["ecs:DescribeServices"]
    resources = [for found in var.services : found.service.arn]
  }

  statement {
    sid       = "SeeTasks"
    actions   = ["ecs:DescribeTasks", "ecs:ListTasks"]
    resources = ["*"]

    condition {
      test     = "ArnEquals"
      variable = "ecs:cluster"
      values   = [var.cluster_arn]
    }
  }

  # A revision that ECS rolled back must not stay the latest: Terraform would take it for released.
  statement {
    sid       = "WithdrawRevision"
    actions   = ["ecs:DeregisterTaskDefinition", "ecs:DescribeTaskDefinition"]
    resources = ["*"]
  }

  statement {
    sid       = "SeeImages"
    actions   = ["ecr:DescribeImages"]
    resources = [for repository in var.repositories : repository.arn]
  }

  statement {
    sid       = "RecordRelease"
    actions   = ["ssm:PutParameter"]
    resources = [for repository in var.repositories : repository.image_tag_parameter.arn]
  }
}
