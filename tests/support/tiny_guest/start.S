/* The Multiboot header and the first instructions: a stack, then tinyGuest(information). */
        .section .multiboot, "a"
        .align 4
        .long 0x1badb002
        .long 0x00000002
        .long -(0x1badb002 + 0x00000002)

        .text
        .globl _start
_start:
        movl $stack_top, %esp
        subl $12, %esp
        pushl %ebx
        call tinyGuest

        .bss
        .align 16
        .skip 16384
stack_top:

        .section .note.GNU-stack, "", @progbits
