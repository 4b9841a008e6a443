#!/bin/sh
# A check of all content of a feed by the tasks of an array job, which divide it among themselves: Slurm, or any scheduler
# that tells a task its number.
#
#   sbatch --array=1-8 deploy/check-array.sh npm
#   TASK=1 TASKS=8 deploy/check-array.sh npm
#
# Each task ends as blobtool check does: 0 is good, 1 is damage, 2 is that something could not be read. BLOBSTORE_ROOT
# names the server root.
#SBATCH --cpus-per-task=1
#SBATCH --mem=256M
set -eu
[ $# -eq 1 ] || { echo "usage: check-array.sh FEED" >&2; exit 64; }
task=${TASK:-${SLURM_ARRAY_TASK_ID:?give the number of this task in TASK}}
tasks=${TASKS:-${SLURM_ARRAY_TASK_COUNT:?give the number of tasks in TASKS}}
exec blobtool check "$1" --content "$task/$tasks" --no-progress --format json
