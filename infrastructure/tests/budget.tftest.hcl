# The budget: told early, and only to someone.

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
    condition     = { for each in aws_budgets_budget.this.notification : each.notification_type => each.threshold } == { ACTUAL = 80, FORECASTED = 100 }
    error_message = "People hear of it before the month is over."
  }

  assert {
    condition     = alltrue([for each in aws_budgets_budget.this.notification : each.subscriber_email_addresses == toset(["on-call@example.com"])])
    error_message = "Each notification reaches the addresses."
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
  }

  expect_failures = [var.emails, var.usd_per_month]
}
