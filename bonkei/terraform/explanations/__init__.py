"""What Terraform cannot know about its own errors.

explain       that this is a miniature, and who reads it
upgrades      what older definitions say that the AWS provider no longer takes
constraints   versions of providers that are not served
mentions      where the definitions say something
"""
