variable "service_name" {
  description = "Name of the service, as in the CloudFormation stack of the Terraform pipeline (ServiceName)"
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.service_name))
    error_message = "service_name must be lower-case letters, digits and single hyphens between them, beginning with a letter."
  }

  # Parameter Store, load balancers and security groups refuse them, in the middle of the first apply.
  validation {
    condition     = !can(regex("^(aws|ssm|internal-|sg-)", "${var.service_name}-"))
    error_message = "service_name must not begin with aws or ssm, and its first word must not be internal or sg: AWS keeps these for itself."
  }

  validation {
    condition     = length("${var.service_name}-${var.environment_identifier}") <= 22
    error_message = "service_name and environment_identifier together must have at most 21 characters: names of load balancers and target groups may have 32."
  }
}

variable "environment_identifier" {
  description = "Name of the environment, as in the stack of the Terraform pipeline (EnvironmentIdentifier)"
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.environment_identifier))
    error_message = "environment_identifier must be lower-case letters, digits and single hyphens between them, such as development or production."
  }
}

variable "region" {
  description = "AWS region of everything except CloudFront's certificate"
  type        = string
  default     = "ap-northeast-1"

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region must be a region's code, such as ap-northeast-1."
  }
}

variable "permissions_boundary_arn" {
  description = "Permissions boundary of every role. The Terraform pipeline sets it: it may create no role without one. Null: none"
  type        = string
  default     = null

  validation {
    condition     = var.permissions_boundary_arn == null || can(regex("^arn:[a-z-]+:iam::([0-9]{12}|aws):policy/.+$", var.permissions_boundary_arn))
    error_message = "permissions_boundary_arn must be the ARN of an IAM policy."
  }
}

variable "domain" {
  description = "Domain of the site and its Route 53 hosted zone. Null: CloudFront's own domain, and plain HTTP from CloudFront to the load balancer. Unless internal_load_balancer is true, passwords, cookies and the secret header then cross the internet unencrypted: only for a trial"
  type = object({
    name           = string
    hosted_zone_id = string
  })
  default = null
}

variable "internal_load_balancer" {
  description = "Whether the load balancer has no public address: CloudFront reaches it as a VPC origin. A later change makes another load balancer, and interrupts the site for some minutes"
  type        = bool
  default     = false
}

# ---------------------------------------------------------------------------------------------
# Network
# ---------------------------------------------------------------------------------------------

variable "vpc_cidr_block" {
  description = "IPv4 range of the VPC, /16 to /19"
  type        = string
  default     = "10.0.0.0/16"
}

variable "availability_zones" {
  description = "Availability Zones of all resources: two or three. Add new ones at the end: the order determines the addresses"
  type        = list(string)
  default     = ["ap-northeast-1a", "ap-northeast-1c"]

  validation {
    condition     = alltrue([for zone in var.availability_zones : startswith(zone, var.region)])
    error_message = "availability_zones must be zones of the region."
  }
}

variable "endpoint_availability_zone_count" {
  description = "Number of these zones, from the first, in which each interface endpoint has an address: 1 is cheap, all is highly available"
  type        = number
  default     = 1
}

# ---------------------------------------------------------------------------------------------
# Edge
# ---------------------------------------------------------------------------------------------

variable "visitor_limits" {
  description = "Requests that one address may make in 5 minutes, at CloudFront: sign-ins, which are blocked above that, and all requests, which are only counted until enforced is true, as are addresses that Amazon knows to be bad. Null: no such web ACL, which costs 8 USD a month"
  type = object({
    sign_ins_per_5_minutes = optional(number, 100)
    requests_per_5_minutes = optional(number, 2000)
    enforced               = optional(bool, false)
  })
  default = {}
}

variable "price_class" {
  description = "CloudFront locations that serve the site: PriceClass_100, PriceClass_200 (with Japan) or PriceClass_All"
  type        = string
  default     = "PriceClass_200"
}

variable "origin_header" {
  description = "The secret header between CloudFront and the web ACL. To rotate it: raise current_version with previous_version set to the old one, apply, then set previous_version to null and apply again"
  type = object({
    name             = optional(string, "X-Origin-Verify")
    current_version  = optional(number, 1)
    previous_version = optional(number)
  })
  default = {}
}

# ---------------------------------------------------------------------------------------------
# Programs
# ---------------------------------------------------------------------------------------------

variable "backend" {
  description = "Size of a backend task (CPU units, MiB), and minimum and maximum of tasks"
  type = object({
    cpu    = number
    memory = number
    scaling = object({
      min_capacity  = number
      max_capacity  = number
      cpu_target    = optional(number, 60)
      memory_target = optional(number, 60)
    })
  })
}

variable "frontend" {
  description = "Size of a frontend task (CPU units, MiB), and minimum and maximum of tasks"
  type = object({
    cpu    = number
    memory = number
    scaling = object({
      min_capacity  = number
      max_capacity  = number
      cpu_target    = optional(number, 60)
      memory_target = optional(number, 60)
    })
  })
}

variable "cpu_architecture" {
  description = "CPU architecture the images are built for: ARM64 (cheaper) or X86_64"
  type        = string
  default     = "ARM64"
}

variable "deployment" {
  description = "How a release replaces the tasks. ROLLING: one after the other. BLUE_GREEN, CANARY, LINEAR: all new tasks start beside the old ones, get the requests when they have run for a minute, at once or by steps (CANARY: step_percent for step_minutes, then all; LINEAR: step_percent more every step_minutes), and the old ones stay for bake_minutes, ready for the way back"
  type = object({
    strategy     = optional(string, "ROLLING")
    bake_minutes = optional(number, 3)
    step_percent = optional(number, 10)
    step_minutes = optional(number, 3)
  })
  default  = {}
  nullable = false

  validation {
    condition = var.deployment.strategy == "ROLLING" || var.deployment.bake_minutes + var.deployment.step_minutes * lookup(
      { CANARY = 1, LINEAR = ceil(100 / max(var.deployment.step_percent, 1)) - 1 }, var.deployment.strategy, 0
    ) <= 30
    error_message = "deployment: all steps and bake_minutes may last 30 minutes at most, because the pipeline's stage Deploy waits for 40."
  }
}

variable "capacity_provider" {
  description = "FARGATE or FARGATE_SPOT. Spot is cheaper, and may be interrupted at two minutes' notice"
  type        = string
  default     = "FARGATE"
}

variable "container_insights" {
  description = "Container Insights: disabled, enabled or enhanced"
  type        = string
  default     = "enabled"
}

variable "log_level" {
  description = "Lowest level of the programs' log records"
  type        = string
  default     = "INFO"

  validation {
    condition     = contains(["DEBUG", "INFO", "WARNING", "ERROR"], var.log_level)
    error_message = "log_level must be DEBUG, INFO, WARNING or ERROR: above ERROR the alarms would go blind."
  }
}

variable "session_secret_version" {
  description = "Raise it to generate a new key for the frontend's cookies: everybody has to sign in again"
  type        = number
  default     = 1
}

variable "exec_enabled" {
  description = "Whether people may open a shell in a task (ECS Exec); shells are logged"
  type        = bool
  default     = true
}

variable "bootstrap" {
  description = "True until the first release has succeeded, while no image exists; the Terraform pipeline finds it out. The services then begin without tasks and without auto scaling, and the first release starts as many as scaling.min_capacity. A failed first release is not rolled back: there is nothing to go back to"
  type        = bool
  default     = false
}

# ---------------------------------------------------------------------------------------------
# Database
# ---------------------------------------------------------------------------------------------

variable "database" {
  description = "Aurora PostgreSQL: version, class and number of instances (serverless_capacity in ACU for db.serverless), how far back it can be restored, and the versions of the application's password. To rotate it: name one more as next_version, release infrastructure and programs, then make it current_version and release both again. With iam_authentication it signs in with tokens of IAM, which nothing rotates. backup_copy: a vault in another region or account that gets a snapshot each day, and for how many days"
  type = object({
    engine_version              = optional(string, "18")
    allow_major_version_upgrade = optional(bool, false)
    instance_class              = optional(string, "db.serverless")
    instance_count              = optional(number, 1)
    serverless_capacity = optional(object({
      min = number
      max = number
    }), { min = 0.5, max = 2 })
    backup_retention_days = optional(number, 7)
    application_password = optional(object({
      current_version = optional(number, 1)
      next_version    = optional(number)
    }), {})
    iam_authentication = optional(bool, false)
    backup_copy = optional(object({
      vault_arn      = string
      retention_days = optional(number, 35)
    }))
  })
  default = {}
}

# ---------------------------------------------------------------------------------------------
# Releasing, watching, operating
# ---------------------------------------------------------------------------------------------

variable "source_repository" {
  description = "Source of the programs: a CodeCommit repository, or a repository (owner/name) behind a CodeConnections connection; and its branch"
  type = object({
    codecommit_repository_name = optional(string)
    connection_arn             = optional(string)
    repository_id              = optional(string)
    branch                     = optional(string, "main")
  })
}

variable "trivy" {
  description = "The scanner of images: version, and SHA-256 of its release archive for the builds' architecture, from the release's signed list. Without the checksum a build refuses to run the scanner"
  type = object({
    version = optional(string, "0.76.0")
    sha256  = optional(string, "")
  })
  default = {}
}

variable "thresholds" {
  description = "Values from which on alarms are raised"
  type = object({
    service_percent              = optional(number, 80)
    database_cpu_percent         = optional(number, 80)
    database_memory_percent      = optional(number, 95)
    database_connections_percent = optional(number, 70)
    cloudfront_5xx_percent       = optional(number, 5)
    load_balancer_5xx_per_minute = optional(number, 5)
    target_5xx_per_minute        = optional(number, 5)
    latency_seconds              = optional(number, 2)
    certificate_days             = optional(number, 30)
    web_acl_blocks_per_5_minutes = optional(number, 100)
  })
  default = {}
}

variable "objectives" {
  description = "Objectives of the service: percent of the requests to the load balancer that have to succeed, and that have to be answered within thresholds.latency_seconds, from 95 to below 100. Alarms ring when the rest, the error budget of a month, is used up too fast"
  type = object({
    availability_percent = optional(number, 99.9)
    latency_percent      = optional(number, 99)
  })
  default = {}
}

variable "fallback_emails" {
  description = "E-mail addresses to notify when the way to Slack fails"
  type        = set(string)
  default     = []
}

variable "budget_usd_per_month" {
  description = "Costs of the whole account in a month, in US dollars, above which fallback_emails are told: early, when AWS forecasts it, and at 80 %. Null: no budget"
  type        = number
  default     = null
}

variable "cost_anomaly" {
  description = "Costs above what is usual for a service, in US dollars, of which fallback_emails are told the same day. monitor_arn: the account's monitor of services, which AWS may have made; null: it has none. Null: not watched"
  type        = object({ usd = number, monitor_arn = optional(string) })
  default     = null
}

variable "audit" {
  description = "What watches the whole account, once: a trail of all calls (CloudTrail), and GuardDuty, whose findings go to Slack. An account that has them already, or whose organization does, leaves them out"
  type = object({
    cloudtrail = optional(bool, false)
    guardduty  = optional(bool, false)
  })
  default = {}
}

variable "canary" {
  description = "Asks the site's pages from outside, as a visitor does, each so many minutes (1 to 60), even while there is no visitor. Null: no such canary, which costs some 17 USD a month at 5 minutes"
  type        = object({ minutes = optional(number, 5) })
  default     = null
}

variable "page_mention" {
  description = "Whom Slack calls when an alarm of severity page begins: <!here> (who is online), <!channel>, <@U...> with a member's ID, or <!subteam^S...> with a user group's. Null: no one; the message then only begins with Page"
  type        = string
  default     = "<!here>"
}

variable "runbook_url" {
  description = "Where people read docs/operations/alarms.md, such as its page in the repository: each alarm's message links its own section. Null: no link"
  type        = string
  default     = null
}

variable "operators" {
  description = "Who may assume the operators' role: principals (and whether IAM requires their second factor), and users of permission sets of IAM Identity Center (it asks for theirs). If both are empty: everybody in this account whom IAM allows"
  type = object({
    principal_arns                  = optional(list(string), [])
    mfa_required                    = optional(bool, true)
    identity_center_permission_sets = optional(list(string), [])
  })
  default = {}
}

# ---------------------------------------------------------------------------------------------
# Retention
# ---------------------------------------------------------------------------------------------

variable "log_retention_days" {
  description = "Days that logs are kept in CloudWatch"
  type        = number
  default     = 30

  # The modules leave this to the provider, which knows the same list and names their resource.
  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days must be a retention that CloudWatch Logs offers, such as 7, 30, 90 or 365."
  }
}

variable "log_bucket_retention_days" {
  description = "Days that program logs and access logs are kept in S3"
  type        = number
  default     = 365
}

variable "deletion_protection" {
  description = "Whether database, load balancer, images and secrets survive a mistaken destroy"
  type        = bool
  default     = true
}
