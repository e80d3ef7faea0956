# The application's own user: it may only read and write rows. There are two, used in turn; both are
# valid while new tasks replace old ones. Migrations create them with these passwords. The values
# exist only in Secrets Manager, never in the state.
#
# A third user has no password, but signs in with tokens of IAM. Migrations keep all of them, so that
# the application may change its way to sign in with one release, and back.

locals {
  # Odd versions of the password belong to the first user, even ones to the second. A user without a
  # version here keeps its last password.
  application_users = {
    application   = { secret_name = "database-application", is_odd = true }
    application_2 = { secret_name = "database-application-2", is_odd = false }
  }

  password_versions = [for version in values(var.application_password) : version if version != null]

  password_of_user = {
    for name, user in local.application_users : name => max([
      for version in concat(local.password_versions, [var.application_password.current_version - 1]) :
      version if(version % 2 == 1) == user.is_odd
    ]...)
  }

  current_user = one([for name, version in local.password_of_user : name if version == var.application_password.current_version])
  other_user   = one([for name in keys(local.application_users) : name if name != local.current_user])

  # A migration gives the next user its password, or takes the former user's away.
  other_is_next = var.application_password.next_version != null
}

# ---------------------------------------------------------------------------------------------
# What the tasks are handed
# ---------------------------------------------------------------------------------------------

locals {
  iam_user = "application_iam"

  place = {
    DATABASE_HOST = aws_rds_cluster.this.endpoint
    DATABASE_PORT = tostring(aws_rds_cluster.this.port)
    DATABASE_NAME = aws_rds_cluster.this.database_name
  }

  environment = merge(local.place, var.iam_authentication ? {
    DATABASE_USERNAME   = local.iam_user
    DATABASE_IAM_REGION = var.account.region
  } : {})

  json_keys = { USERNAME = "username", PASSWORD = "password" }

  application_secrets = {
    for variable, key in local.json_keys : "DATABASE_${variable}" => {
      secret_arn  = aws_secretsmanager_secret.application[local.current_user].arn
      kms_key_arn = module.key.arn
      json_key    = key
    }
  }

  # Only migrations sign in as these.
  migration_users = merge(
    { MASTER = aws_rds_cluster.this.master_user_secret[0].secret_arn },
    local.other_is_next ? { NEXT = aws_secretsmanager_secret.application[local.other_user].arn } : {},
  )

  migration_secrets = merge(local.application_secrets, [
    for user, secret_arn in local.migration_users : {
      for variable, key in local.json_keys : "DATABASE_${user}_${variable}" => {
        secret_arn  = secret_arn
        kms_key_arn = module.key.arn
        json_key    = key
      }
    }
  ]...)
}

data "aws_iam_policy_document" "connect" {
  statement {
    sid       = "SignInToDatabase"
    actions   = ["rds-db:connect"]
    resources = ["arn:${var.account.partition}:rds-db:${var.account.region}:${var.account.id}:dbuser:${aws_rds_cluster.this.cluster_resource_id}/${local.iam_user}"]
  }
}

# ---------------------------------------------------------------------------------------------
# The users' secrets
# ---------------------------------------------------------------------------------------------

ephemeral "random_password" "application" {
  for_each = local.application_users

  length  = 40
  special = false
}

resource "aws_secretsmanager_secret" "application" {
  #checkov:skip=CKV2_AWS_57:rotated by its versions and a migration; no request is refused
  for_each = local.application_users

  name                    = "${var.name}/${each.value.secret_name}"
  description             = "User name and password of the application's database user ${each.key}"
  kms_key_id              = module.key.arn
  recovery_window_in_days = var.deletion_protection ? 30 : 0
}

resource "aws_secretsmanager_secret_version" "application" {
  for_each = local.application_users

  secret_id = aws_secretsmanager_secret.application[each.key].id
  secret_string_wo = jsonencode({
    username = each.key
    password = ephemeral.random_password.application[each.key].result
  })
  secret_string_wo_version = local.password_of_user[each.key] + 1 # from 1 on: it must not be 0
}
