data "archive_file" "hook" {
  type        = "zip"
  source_file = "${path.module}/hook.py"
  output_path = "${path.module}/hook.zip"
}

resource "aws_iam_role" "hook" {
  name               = "hook"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }] })
}

resource "aws_iam_role_policy_attachment" "hook" {
  role       = aws_iam_role.hook.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
}

resource "aws_lambda_function" "hook" {
  function_name    = "hook"
  role             = aws_iam_role.hook.arn
  runtime          = "python3.13"
  handler          = "hook.handler"
  filename         = data.archive_file.hook.output_path
  source_code_hash = data.archive_file.hook.output_base64sha256
}

resource "aws_iam_role_policy" "hook" {
  role   = aws_iam_role.shift.id
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "lambda:InvokeFunction", Resource = aws_lambda_function.hook.arn }] })
}
