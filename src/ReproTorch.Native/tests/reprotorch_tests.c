#include "reprotorch.h"
#include <stdio.h>
int main(void) { printf("%s %s\n", rpt_torch_version_built(), rpt_torch_version_loaded()); return 0; }
