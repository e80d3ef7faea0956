# The budget and the watch for anomalies: told early, and only to someone.

provider "aws" {
  region = "ap-northeast-1"
}

variables {
  name          = "test-development"
  usd_per_month = 300
  emails        = ["on-call@example.com"]
}

run "budget" {
  command = apply

  module {
    source = "./modules/budget"
  }

  assert {
    condition     = { for each in aws_budgets_budget.this[0].notification : each.notification_type => each.threshold } == { ACTUAL = 80, FORECASTED = 100 }
    error_message = "People hear of it before the month is over."
  }

  assert {
    condition     = alltrue([for each in aws_budgets_budget.this[0].notification : each.subscriber_email_addresses == toset(["on-call@example.com"])])
    error_message = "Each notification reaches the addresses."
  }
}

run "anomaly" {
  command = apply

  module {
    source = "./modules/budget"
  }

  variables {
    usd_per_month = null
    anomaly       = { usd = 50 }
  }

  assert {
    condition     = length(aws_budgets_budget.this) == 0 && aws_ce_anomaly_subscription.this[0].monitor_arn_list == tolist([aws_ce_anomaly_monitor.this[0].arn])
    error_message = "The account's services are watched."
  }

  assert {
    condition     = [for each in aws_ce_anomaly_subscription.this[0].subscriber : each.address] == ["on-call@example.com"] && aws_ce_anomaly_subscription.this[0].threshold_expression[0].dimension[0].values == toset(["50"])
    error_message = "Whoever the budget tells hears of an anomaly."
  }
}

run "anomaly_of_an_account_with_a_monitor" {
  command = apply

  module {
    source = "./modules/budget"
  }

  variables {
    anomaly = { usd = 50, monitor_arn = "arn:aws:ce::123456789012:anomalymonitor/11111111-2222-3333-4444-555555555555" }
  }

  assert {
    condition     = length(aws_ce_anomaly_monitor.this) == 0 && aws_ce_anomaly_subscription.this[0].monitor_arn_list == tolist([var.anomaly.monitor_arn])
    error_message = "An account takes no second monitor of its services."
  }
}

run "refuses_a_budget_that_notifies_no_one" {
  command = plan

  module {
    source = "./modules/budget"
  }

  variables {
    emails        = []
    usd_per_month = 0
    anomaly       = { usd = 0 }
  }

  expect_failures = [var.anomaly, var.emails, var.usd_per_month]
}

run "refuses_what_is_not_a_monitor" {
  command = plan

  module {
    source = "./modules/budget"
  }

  variables {
    anomaly = { usd = 50, monitor_arn = "Default-Services-Monitor" }
  }

  expect_failures = [var.anomaly]
}
