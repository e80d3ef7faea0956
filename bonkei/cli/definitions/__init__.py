"""Commands about the definitions. None of them needs a running miniature.

beginning     `bonkei init`, `existing`
terraform     `bonkei validate`, `plan`, `apply`, `test`, `fmt`
inspection    `bonkei check`, `diagram`
difference    `bonkei diff`
"""
