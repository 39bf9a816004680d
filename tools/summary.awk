# Adds up what each test binary printed and closes with one line: "linnet: N passed, N failed".
{ print; fflush() }
/^test result:/ { passed += $4; failed += $6; ignored += $8 }
END {
    printf "linnet: %d passed, %d failed\n", passed, failed
    if (ignored) { printf "linnet: %d tests are ignored; every test must run\n", ignored; exit 1 }
}
